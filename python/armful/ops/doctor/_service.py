"""Examines the service at an address over HTTP."""

import re
from collections.abc import Iterator

import httpx2

from armful.ops.doctor._finding import Finding, ok, problem, warning
from armful.ops.doctor._installation import port
from armful.ops.probe import url
from armful.settings import Settings

STALE = 5.0
"""Seconds behind the database that are reported."""


def service(settings: Settings, host: str, number: int) -> Iterator[Finding]:
    """Return the findings about the process that listens at the address."""
    if not port(host, number):
        yield ok("port", f"Nothing listens on {host}, port {number}: `armful serve` can have it.")
        return
    address = url((host, number), tls=settings.tls_cert is not None)
    try:
        with httpx2.Client(base_url=address, timeout=5, verify=False) as client:
            yield from _ask(settings, client, host, number)
    except (httpx2.HTTPError, ValueError):
        yield problem(
            "port",
            f"Port {number} on {host} is taken by something that is no armful: choose another with --port.",
        )


def _ask(settings: Settings, client: httpx2.Client, host: str, number: int) -> Iterator[Finding]:
    if client.get("/health/live").json() != {"status": "live"}:
        raise ValueError
    yield ok("port", f"An armful serves on {host}, port {number}.")
    health = client.get("/health/ab-testing")
    said = health.json()
    if health.status_code == 200:
        yield ok("service", f"It is healthy, with {said['variant_count']} variants.")
    else:
        yield problem("service", f"It says that it is not healthy: {said.get('error', said)}.")
    key = settings.api_key
    if key is None and (settings.data_dir / "api-key").exists():
        key = (settings.data_dir / "api-key").read_text().strip()
    metrics = client.get("/metrics", headers={"Authorization": f"Bearer {key}"} if key else {})
    if metrics.status_code == 401:
        yield warning(
            "service",
            "Its metrics cannot be read with the key known here, so its staleness is not known.",
        )
    elif found := re.search(r"^armful_behind_seconds (\S+)", metrics.text, re.MULTILINE):
        behind = float(found[1])
        if behind > STALE:
            yield problem(
                "staleness",
                f"A worker is {behind:.0f} s behind the database: look in its log for why it cannot follow.",
            )
        else:
            yield ok("staleness", f"Its workers are at most {behind:.1f} s behind the database.")
