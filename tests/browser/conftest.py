"""A real browser and a real service for tests; without a browser or a built dashboard they are skipped, except in CI."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright
from tests.conftest import ADMIN_KEY, Running, new_database, serving, skip_without

import armful
from armful.ops.postgres import EmbeddedPostgres

T = TypeVar("T")

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT_MS = 30_000
"""How long to wait for anything to appear."""


def in_other_thread(function: Callable[[], T]) -> T:
    """Call a function in another thread, because Playwright keeps an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        skip_without("No Chromium is installed (Debian: apt-get install chromium)")
    if not (Path(armful.__file__).parent / "static/dashboard/index.html").is_file():
        skip_without("The dashboard is not built: make dashboard")
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def shared(browser: Browser, postgres: EmbeddedPostgres) -> Iterator[Running]:
    """A service shared by the tests of a module."""
    with serving(in_other_thread(lambda: new_database(postgres)), commit_timeout=20.0) as running:
        yield running


@pytest.fixture
def service(browser: Browser, postgres: EmbeddedPostgres) -> Iterator[Running]:
    """A service with an empty database."""
    with serving(in_other_thread(lambda: new_database(postgres)), commit_timeout=20.0) as running:
        yield running


class MonitoredBrowser:
    """Opens pages in one browser context and records their errors, warnings and requests to other hosts."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.problems: list[str] = []
        self.expected_problems: list[str] = []
        """Parts of messages that the test expects."""
        self._context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        self._context.set_default_timeout(TIMEOUT_MS)

    def open(self, service: Running, path: str = "/") -> Page:
        """Open a page of the dashboard."""
        page = self._context.new_page()
        page.on(
            "console",
            lambda message: (
                self.problems.append(message.text) if message.type in ("error", "warning") else None
            ),
        )
        page.on("pageerror", lambda error: self.problems.append(str(error)))

        def check_request(request: Request) -> None:
            if not request.url.startswith((f"{service.url}/", "blob:", "data:")):
                self.problems.append(f"a request to {request.url}")
            if ADMIN_KEY in request.url:
                self.problems.append(f"the key in {request.url}")

        page.on("request", check_request)
        page.goto(f"{service.url}/dashboard{path}")
        return page

    def open_signed_in(self, service: Running, path: str = "/", key: str = ADMIN_KEY) -> Page:
        """Sign in and open a page of the dashboard."""
        page = self.open(service)
        page.get_by_label("API key").fill(key)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("navigation").wait_for()
        if path != "/":
            page.goto(f"{service.url}/dashboard{path}")
        return page

    def close_pages(self) -> None:
        """Close every page."""
        for page in self._context.pages:
            page.close()

    def close(self) -> None:
        """Close the context, and fail if there was a problem that the test did not expect."""
        self._context.close()
        unexpected = [
            text for text in self.problems if not any(part in text for part in self.expected_problems)
        ]
        assert unexpected == []


@pytest.fixture
def monitored(browser: Browser) -> Iterator[MonitoredBrowser]:
    """A browser context that fails the test on any error, warning or request to another host."""
    context = MonitoredBrowser(browser)
    yield context
    context.close()


def stop_for_restart(running: Running) -> Callable[[], Running]:
    """Stop a service and return a function that starts another one at the same address."""
    running._server.config.timeout_graceful_shutdown = 1  # close live streams instead of waiting for them
    running.stop()

    def start_again() -> Running:
        restarted = Running(running.settings)
        restarted.port, restarted.url = running.port, running.url
        restarted.client = restarted.as_key(ADMIN_KEY)
        restarted._server = uvicorn.Server(
            uvicorn.Config(
                restarted.app, port=restarted.port, log_config=None, access_log=False, lifespan="on"
            )
        )
        restarted._thread._target = restarted._server.run  # type: ignore[attr-defined]
        restarted.start()
        return restarted

    return start_again
