"""`armful serve`."""

import asyncio
import os
from pathlib import Path

import msgspec
import rich_click as click

from armful.server.checks import check_metrics_dir, check_open_files, check_tls, check_traces
from armful.server.serve import run
from armful.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.pass_obj
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port. 0 chooses a free one.",
)
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Number of worker processes."
)
@click.option("--tls-cert", type=_FILE, help="Certificate chain, to serve HTTPS. Default: ARMFUL_TLS_CERT.")
@click.option("--tls-key", type=_FILE, help="Private key of the certificate. Default: ARMFUL_TLS_KEY.")
def serve(
    settings: Settings, host: str, port: int, workers: int, tls_cert: Path | None, tls_key: Path | None
) -> None:
    """Serve the API, with an embedded PostgreSQL unless ARMFUL_DATABASE_URL is set."""
    settings = msgspec.structs.replace(
        settings, tls_cert=tls_cert or settings.tls_cert, tls_key=tls_key or settings.tls_key
    )
    check_tls(settings)
    check_metrics_dir(settings)
    check_open_files()
    check_traces(settings, os.environ)
    asyncio.run(run(settings, host, port, workers))
