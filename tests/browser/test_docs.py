"""The documentation in a real browser: every page, and the search, with nobody asked but the site itself."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from docs.site.__main__ import build
from playwright.sync_api import Browser, Page, expect


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """Where the documentation is served, and its pages."""
    folder = tmp_path_factory.mktemp("docs")
    build(folder / "site", folder / "work")
    pages = sorted(str(page.relative_to(folder / "site")) for page in Path(folder / "site").rglob("*.html"))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder / "site"))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", pages
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser: Browser, site: tuple[str, list[str]]) -> Iterator[Page]:
    """A page that fails the test where it asks another host, or something goes wrong in it."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    wrong: list[str] = []
    own = (site[0], "data:", "blob:")
    page.on("request", lambda asked: None if asked.url.startswith(own) else wrong.append(asked.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
    yield page
    context.close()
    assert wrong == []


def test_every_page_asks_nobody_else(page: Page, site: tuple[str, list[str]]) -> None:
    address, pages = site
    assert len(pages) > 20
    for name in pages:
        page.goto(f"{address}/{name}", wait_until="load")
        if name != "404.html":
            expect(page.locator("h1").first).to_be_visible()
        # Pictures that did not load have no width.
        assert page.evaluate(
            "[...document.images].every(image => image.complete && image.naturalWidth > 0)"
        ), name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


def test_the_search_finds_what_is_written(page: Page, site: tuple[str, list[str]]) -> None:
    page.goto(f"{site[0]}/index.html")
    page.get_by_role("button", name="Search").first.click()
    page.locator("input:visible").last.fill("propensity")
    expect(page.get_by_text("Traffic that follows the outcomes").first).to_be_visible()
