"""The documentation site in a real browser: every page and the search, without requests to other hosts."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from docs.site.__main__ import build
from playwright.sync_api import Browser, Page, expect


class SilentHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """The address of the documentation site, and the paths of its pages."""
    folder = tmp_path_factory.mktemp("docs")
    build(folder / "site", folder / "work")
    pages = sorted(str(page.relative_to(folder / "site")) for page in Path(folder / "site").rglob("*.html"))
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(SilentHandler, directory=str(folder / "site"))
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", pages
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser: Browser, site: tuple[str, list[str]]) -> Iterator[Page]:
    """A page that fails the test on an error, a failed request or a request to another host."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    allowed = (site[0], "data:", "blob:")
    page.on(
        "request", lambda request: None if request.url.startswith(allowed) else problems.append(request.url)
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("response", lambda answer: problems.append(answer.url) if answer.status >= 400 else None)
    yield page
    context.close()
    assert problems == []


def test_every_page_loads_without_other_hosts(page: Page, site: tuple[str, list[str]]) -> None:
    address, pages = site
    assert len(pages) > 20
    for name in pages:
        page.goto(f"{address}/{name}", wait_until="load")
        if name != "404.html":
            expect(page.locator("h1").first).to_be_visible()
        # An image that did not load has no natural width.
        assert page.evaluate(
            "[...document.images].every(image => image.complete && image.naturalWidth > 0)"
        ), name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


def test_search_finds_text(page: Page, site: tuple[str, list[str]]) -> None:
    page.goto(f"{site[0]}/index.html")
    page.get_by_role("button", name="Search").first.click()
    page.locator("input:visible").last.fill("prove anything")
    expect(page.get_by_text("Traffic that follows the outcomes").first).to_be_visible()
