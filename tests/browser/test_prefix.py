"""The dashboard and the documentation's page below a path prefix, behind nginx."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.conftest import MonitoredBrowser, in_other_thread
from tests.conftest import Running, new_database, serving
from tests.integration.contract import create
from tests.integration.experiments.steps import start
from tests.security.proxies import nginx

from armful.ops.postgres import EmbeddedPostgres

PREFIX = "/tools/armful"


class Proxied:
    """A service as the world sees it."""

    def __init__(self, url: str, running: Running) -> None:
        self.url = url
        self.client = running.client


@pytest.fixture(scope="module", params=[True, False], ids=["removed", "kept"])
def proxied(
    request: pytest.FixtureRequest, browser: Browser, postgres: EmbeddedPostgres, tmp_path_factory: Any
) -> Iterator[Proxied]:
    folder: Path = tmp_path_factory.mktemp("nginx")
    with (
        serving(in_other_thread(lambda: new_database(postgres)), root_path=PREFIX) as running,
        nginx(f"127.0.0.1:{running.port}", folder, PREFIX, removed=request.param) as (host, port),
    ):
        create(running.client, "a", "b")
        yield Proxied(f"http://{host}:{port}{PREFIX}", running)


def test_every_page_works_and_asks_for_nothing_above_the_prefix(
    proxied: Proxied, monitored: MonitoredBrowser
) -> None:
    experiment = start(proxied.client)
    page = monitored.open_signed_in(proxied)  # type: ignore[arg-type]
    expect(page.get_by_role("heading", name="Variants", exact=True)).to_be_visible()
    page.get_by_role("link", name="Experiments").first.click()
    expect(page).to_have_url(f"{proxied.url}/dashboard/experiments")
    for path in ("/variants/a", "/experiments/new", f"/experiments/{experiment}", "/live"):
        page.goto(f"{proxied.url}/dashboard{path}")
        page.get_by_role("heading", level=1).wait_for()
        page.reload()
        page.get_by_role("heading", level=1).wait_for()


def test_the_root_leads_there(proxied: Proxied, monitored: MonitoredBrowser) -> None:
    page = monitored.open_signed_in(proxied)  # type: ignore[arg-type]
    page.goto(f"{proxied.url}/")
    expect(page.get_by_role("heading", name="Variants", exact=True)).to_be_visible()


def test_the_documentation_sends_requests_below_the_prefix(
    proxied: Proxied, monitored: MonitoredBrowser
) -> None:
    page = monitored.open_signed_in(proxied)  # type: ignore[arg-type]
    page.goto(f"{proxied.url}/docs")
    page.locator("#operations-health-checkLive .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".responses-table.live-responses-table .response-col_status").last).to_contain_text(
        "200"
    )
    expect(page.locator(".request-url pre")).to_have_text(f"{proxied.url}/health/live")
