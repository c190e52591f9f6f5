"""Every setting of the service, read from the environment once, when the program starts."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

_LISTS = ("cors_origins",)
_ORIGIN = re.compile(r"\*|https?://[A-Za-z0-9.\[\]:_-]+")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the service is told by its environment: the setting `data_dir` is the variable `ARMFUL_DATA_DIR`."""

    database_url: str | None = None
    """PostgreSQL to use, as `postgresql://user:password@host:port/name`. Unset: an embedded server in the data folder."""

    data_dir: Path = Path("armful-data")
    """Folder of the embedded PostgreSQL and of the API key made on first start."""

    postgres_bin: Path | None = None
    """Folder with `postgres` and `initdb` for the embedded server. Unset: the ones armful is installed with."""

    api_key: str | None = None
    """A key accepted with every scope. Unset: `armful serve` makes one and keeps it in the data folder."""

    pool_size: int = 8
    """Connections to PostgreSQL a process may hold, beside the one that writes updates."""

    queue_limit: int = 20_000
    """Performance updates that may wait for a commit in one process; beyond it the answer is 503."""

    commit_timeout: float = 1.8
    """Seconds an update may wait for its commit before the answer is 503."""

    poll_interval: float = 0.2
    """Seconds between two looks at what other processes have committed."""

    event_days: Annotated[int, msgspec.Meta(ge=0)] = 90
    """Days that single events are kept; counters, rollups and experiments stay for good. 0: for good."""

    event_id_days: Annotated[int, msgspec.Meta(ge=0)] = 14
    """Days that an `event_id` is known at least, so that its replay counts nothing. 0: for good."""

    body_limit: int = 10_000_000
    """Bytes a request body may have; beyond it the answer is 413."""

    receive_timeout: float = 10.0
    """Seconds a request may take to arrive whole; beyond it the answer is 408, or the connection is closed."""

    wait_limit: float = 0.5
    """Seconds a request may wait for its turn in a busy process; beyond it the answer is 503."""

    tls_cert: Path | None = None
    """File with the certificate, and those that lead to its authority, to serve HTTPS with; needs `ARMFUL_TLS_KEY`."""

    tls_key: Path | None = None
    """File with the certificate's private key."""

    cors_origins: tuple[str, ...] = ()
    """Origins from which browsers may call, as `https://example.com`, parted by commas; `*`: from any."""

    metrics_open: bool = False
    """Whether `/metrics` is answered without a key."""

    metrics_dir: Path | None = None
    """Folder where processes that serve together share their metrics; `armful serve` makes one for several workers."""

    traces: bool = False
    """Whether to send OpenTelemetry traces, to where `OTEL_EXPORTER_OTLP_ENDPOINT` says; needs `armful[otel]`."""

    log_requests: bool = False
    """Whether to write a log line for each request: its endpoint, status and time, the key's id and the client's address."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe log lines to write: `debug`, `info`, `warning` or `error`."""

    log_format: Literal["console", "json"] = "console"
    """How log lines are written: `console` for people, `json` for machines."""


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Read `ARMFUL_*` out of `environment`; an empty value counts as unset.

    Raises:
        ValueError: a value that does not fit its setting, naming the variable and the value.
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
                raise ValueError(f"{name} is {text!r}: {error}") from error
    settings = Settings(**values)
    for origin in settings.cors_origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(
                f"ARMFUL_CORS_ORIGINS has {origin!r}: an origin is as https://example.com, without a path"
            )
    return settings


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(kind)
