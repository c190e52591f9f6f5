"""A real browser on the real dashboard over a real service; skipped where one of them is missing, except in CI."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright
from tests.conftest import ADMIN_KEY, Running, new_database, serving

import armful
from armful.ops.postgres import EmbeddedPostgres

T = TypeVar("T")

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 30_000
"""Milliseconds for anything to show itself; nothing is timed."""


def aside(use: Callable[[], T]) -> T:
    """Call in another thread: Playwright keeps an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(use).result()


def missing(what: str) -> None:
    """Skip with a sentence; in CI nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        missing("No Chromium is installed (Debian: apt-get install chromium)")
    if not (Path(armful.__file__).parent / "static/dashboard/index.html").is_file():
        missing("The dashboard is not built: make dashboard")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def shared(browser: Browser, postgres: EmbeddedPostgres) -> Iterator[Running]:
    """A service that the tests of a module share."""
    with serving(aside(lambda: new_database(postgres))) as running:
        yield running


@pytest.fixture
def service(browser: Browser, postgres: EmbeddedPostgres) -> Iterator[Running]:
    """A service over an empty database."""
    with serving(aside(lambda: new_database(postgres))) as running:
        yield running


class Watched:
    """Pages of one browser context, with everything they should not do."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.wrong: list[str] = []
        self.expected: list[str] = []
        self._context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        self._context.set_default_timeout(PATIENCE)

    def open(self, service: Running, path: str = "/") -> Page:
        """A page that shows an address of the service's dashboard."""
        page = self._context.new_page()
        page.on(
            "console",
            lambda said: self.wrong.append(said.text) if said.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: self.wrong.append(str(error)))

        def check(request: Request) -> None:
            if not request.url.startswith((f"{service.url}/", "blob:", "data:")):
                self.wrong.append(f"a request to {request.url}")
            if ADMIN_KEY in request.url:
                self.wrong.append(f"the key in {request.url}")

        page.on("request", check)
        page.goto(f"{service.url}/dashboard{path}")
        return page

    def signed_in(self, service: Running, path: str = "/", key: str = ADMIN_KEY) -> Page:
        """The same, after signing in."""
        page = self.open(service)
        page.get_by_label("API key").fill(key)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("navigation").wait_for()
        if path != "/":
            page.goto(f"{service.url}/dashboard{path}")
        return page

    def leave(self) -> None:
        """Close every page."""
        for page in self._context.pages:
            page.close()

    def close(self) -> None:
        """Close, and complain of everything that was wrong and not expected."""
        self._context.close()
        wrong = [text for text in self.wrong if not any(part in text for part in self.expected)]
        assert wrong == []


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """A browser context in which no error, no warning and no request to another host may happen."""
    context = Watched(browser)
    yield context
    context.close()


def restart(running: Running) -> Callable[[], Running]:
    """Take a service away; the answer brings another one up at the same address."""
    running._server.config.timeout_graceful_shutdown = 1  # whoever still watches is cut off
    running.stop()

    def again() -> Running:
        back = Running(running.settings)
        back.port, back.url = running.port, running.url
        back.client = back.as_key(ADMIN_KEY)
        back._server = uvicorn.Server(
            uvicorn.Config(back.app, port=back.port, log_config=None, access_log=False, lifespan="on")
        )
        back._thread._target = back._server.run  # type: ignore[attr-defined]
        back.start()
        return back

    return again
