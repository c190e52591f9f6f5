"""The settings of the service, read from the environment once at start."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin

import msgspec

_PREFIX = "ARMFUL_"
_LISTS = ("cors_origins",)
_ROOT_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_ORIGIN = re.compile(r"\*|https?://[A-Za-z0-9.\[\]:_-]+")
_HOST = r"(\[[0-9A-Fa-f:.%]+\]|[^\s:,\[\]@/?]*)(:\d{1,5})?"
_DATABASE_URL = re.compile(rf"postgres(ql)?://([^/?]*@)?{_HOST}(,{_HOST})*([/?]\S*)?")
_API_KEY = re.compile(r"[!-~]+")

_Count: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
_Days: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=36_500)]
_Seconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=86_400)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings. Each is an environment variable: `data_dir` is `ARMFUL_DATA_DIR`."""

    database_url: str | None = None
    """PostgreSQL database, as `postgresql://user:password@host:port/name`. Unset: an embedded server in the data folder."""

    data_dir: Path = Path("armful-data")
    """Folder for the embedded PostgreSQL and for the API key created on first start."""

    postgres_bin: Path | None = None
    """Folder with the `postgres` and `initdb` programs for the embedded server. Unset: those installed with armful."""

    api_key: str | None = None
    """An API key with every scope. Unset: `armful serve` creates one and stores it in the data folder."""

    pool_size: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 8
    """Maximum number of PostgreSQL connections per process, in addition to the one that writes updates."""

    queue_limit: _Count = 20_000
    """Maximum number of performance updates waiting for a commit in one process. Further updates get a 503."""

    commit_timeout: _Seconds = 1.8
    """Maximum seconds an update waits for its commit before it gets a 503."""

    poll_interval: _Seconds = 0.2
    """Seconds between two reads of the changes that other processes have committed."""

    event_days: _Days = 90
    """Days for which single events are kept. Counters, rollups and experiments are kept forever. 0: forever."""

    event_id_days: _Days = 14
    """Minimum days for which an `event_id` is remembered, so that a repeated update is not counted again. 0: forever."""

    body_limit: _Count = 10_000_000
    """Maximum size of a request body in bytes. A larger one gets a 413."""

    receive_timeout: _Seconds = 10.0
    """Maximum seconds for a complete request to arrive. A slower one gets a 408, or its connection is closed."""

    keep_alive: _Seconds = 75.0
    """Seconds that a connection may stay idle before it is closed. Set it longer than a load balancer's idle timeout."""

    wait_limit: _Seconds = 0.5
    """Maximum seconds a request waits in the queue of a busy process before it gets a 503."""

    root_path: str | None = None
    """Path prefix that a proxy serves armful below, such as `/armful`. Requests may come with or without it."""

    tls_cert: Path | None = None
    """File with the TLS certificate chain, to serve HTTPS. Requires `ARMFUL_TLS_KEY`."""

    tls_key: Path | None = None
    """File with the private key of the TLS certificate."""

    cors_origins: tuple[str, ...] = ()
    """Origins from which browsers may send requests, such as `https://example.com`, separated by commas. `*`: any origin."""

    metrics_open: bool = False
    """Whether `/metrics` can be read without an API key."""

    metrics_dir: Path | None = None
    """Folder in which the workers share their metrics. `armful serve` creates one if there are several workers."""

    traces: bool = False
    """Whether to send OpenTelemetry traces to `OTEL_EXPORTER_OTLP_ENDPOINT`. Requires `armful[otel]`."""

    log_requests: bool = False
    """Whether to log each request: its endpoint, status and duration, the key's id and the client's address."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Minimum severity of log lines: `debug`, `info`, `warning` or `error`."""

    log_format: Literal["console", "json"] = "console"
    """Format of log lines: `console` for people, `json` for machines."""


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Read the settings from the `ARMFUL_*` variables of `environment`. An empty value counts as unset.

    Raises:
        ValueError: A value is invalid. The message names the variable and the value.
    """
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        name = _variable(field.name)
        if text := environment.get(name):
            try:
                values[field.name] = msgspec.convert(
                    _parts(text) if field.name in _LISTS else text, field.type, strict=False, dec_hook=_path
                )
            except msgspec.ValidationError as error:
                raise ValueError(f"{name} is {text!r}: {_explain(error, field.type)}") from error
    settings = Settings(**values)
    for origin in settings.cors_origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(
                f"ARMFUL_CORS_ORIGINS has {origin!r}: write an origin like https://example.com, without a path"
            )
    if settings.root_path is not None and not _ROOT_PATH.fullmatch(settings.root_path):
        raise ValueError(f"ARMFUL_ROOT_PATH is {settings.root_path!r}: write a path like /armful")
    # These values are secrets, and are not repeated.
    if settings.database_url is not None and not _DATABASE_URL.fullmatch(settings.database_url):
        raise ValueError(
            "ARMFUL_DATABASE_URL is not the URL of a database: write postgresql://user:password@host:port/name, and special "
            "characters as %XX"
        )
    if settings.api_key is not None and not _API_KEY.fullmatch(settings.api_key):
        raise ValueError(
            "ARMFUL_API_KEY contains a character that a header cannot contain: use visible ASCII characters, without blanks"
        )
    return settings


def unknown_variables(environment: Mapping[str, str]) -> dict[str, str | None]:
    """Return the `ARMFUL_*` variables that are no settings, each with the most similar setting, if one is similar."""
    known = [_variable(field.name) for field in msgspec.structs.fields(Settings)]
    return {
        name: next(iter(get_close_matches(name.upper(), known, 1, 0.8)), None)
        for name in sorted(environment)
        if name.upper().startswith(_PREFIX) and name not in known
    }


def explain_unknown(name: str, similar: str | None) -> str:
    """Return the sentence about a variable that is no setting."""
    return f"{name} is not a setting of armful and has no effect" + (
        f": did you mean {similar}?" if similar else ""
    )


def _variable(field: str) -> str:
    return f"{_PREFIX}{field.upper()}"


def _explain(error: msgspec.ValidationError, kind: Any) -> str:
    """Return what to write instead of an invalid value."""
    if get_origin(kind) is Literal:
        return f"use one of {', '.join(get_args(kind))}"
    if kind is bool:
        return "use true or false"
    if get_origin(kind) is Annotated:
        number, limits = get_args(kind)
        what = "a whole number" if number is int else "a number"
        least = f"above {limits.gt}" if limits.ge is None else f"from {limits.ge}"
        return f"write {what} {least} to {limits.le}"
    return str(error)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(kind)
