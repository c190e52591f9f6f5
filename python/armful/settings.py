"""The settings of the service, read from the environment once at start."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

_LISTS = ("cors_origins",)
_ROOT_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_ORIGIN = re.compile(r"\*|https?://[A-Za-z0-9.\[\]:_-]+")


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

    pool_size: int = 8
    """Maximum number of PostgreSQL connections per process, in addition to the one that writes updates."""

    queue_limit: int = 20_000
    """Maximum number of performance updates waiting for a commit in one process. Further updates get a 503."""

    commit_timeout: float = 1.8
    """Maximum seconds an update waits for its commit before it gets a 503."""

    poll_interval: float = 0.2
    """Seconds between two reads of the changes that other processes have committed."""

    event_days: Annotated[int, msgspec.Meta(ge=0)] = 90
    """Days for which single events are kept. Counters, rollups and experiments are kept forever. 0: forever."""

    event_id_days: Annotated[int, msgspec.Meta(ge=0)] = 14
    """Minimum days for which an `event_id` is remembered, so that a repeated update is not counted again. 0: forever."""

    body_limit: int = 10_000_000
    """Maximum size of a request body in bytes. A larger one gets a 413."""

    receive_timeout: float = 10.0
    """Maximum seconds for a complete request to arrive. A slower one gets a 408, or its connection is closed."""

    keep_alive: float = 75.0
    """Seconds that a connection may stay idle before it is closed. Set it longer than a load balancer's idle timeout."""

    wait_limit: float = 0.5
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
        name = f"ARMFUL_{field.name.upper()}"
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
    return settings


def _explain(error: msgspec.ValidationError, kind: Any) -> str:
    """Return what is wrong with a value; for one that is not among the choices, the choices."""
    return f"use one of {', '.join(get_args(kind))}" if get_origin(kind) is Literal else str(error)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(kind)
