"""nginx and HAProxy in front of armful, from Debian's packages."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.processes import wait_until

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log; user root;
events {{ worker_connections 100; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream armful {{ server {address}; keepalive 1; }}
  server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off; proxy_buffering off;
    location {prefix}/ {{ proxy_pass http://armful{replacement}; }}
  }}
}}
"""

HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  http-reuse always
frontend in
  bind 127.0.0.1:{port}
  default_backend armful
backend armful
  server armful {address}
"""


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        assert not os.environ.get("CI"), f"{name} is missing: .ci/run installs it"
        pytest.skip(f"{name} is not installed (Debian: apt-get install {name})")
    return found


@contextmanager
def _running(command: list[str], port: int) -> Iterator[tuple[str, int]]:
    process = subprocess.Popen(command, start_new_session=True)
    try:
        wait_until(lambda: process.poll() is not None or _accepts(port))
        assert process.poll() is None, f"{command[0]} ended with status {process.returncode}"
        yield "127.0.0.1", port
    finally:
        process.terminate()
        process.wait(timeout=20)


def _accepts(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def nginx(
    address: str, folder: Path, prefix: str = "", *, removed: bool = False
) -> Iterator[tuple[str, int]]:
    """nginx, which passes on what is below the prefix, with the prefix or after removing it; and where it listens."""
    program, port = _program("nginx"), _free_port()
    config = folder / "nginx.conf"
    replacement = "/" if removed else ""
    config.write_text(
        NGINX.format(folder=folder, address=address, port=port, prefix=prefix, replacement=replacement)
    )
    with _running(
        [program, "-c", str(config), "-e", str(folder / "error.log"), "-p", str(folder)], port
    ) as at:
        yield at


@contextmanager
def haproxy(address: str, folder: Path) -> Iterator[tuple[str, int]]:
    """HAProxy, and where it listens."""
    program, port = _program("haproxy"), _free_port()
    config = folder / "haproxy.cfg"
    config.write_text(HAPROXY.format(address=address, port=port))
    with _running([program, "-db", "-q", "-f", str(config)], port) as at:
        yield at


PROXIES = {"nginx": nginx, "haproxy": haproxy}
