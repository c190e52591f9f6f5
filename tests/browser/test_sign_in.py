"""Signing in: invalid keys, keys with few scopes, and where the browser stores the key."""

from playwright.sync_api import expect
from tests.browser.conftest import MonitoredBrowser
from tests.conftest import ADMIN_KEY, Running
from tests.integration.contract import create
from tests.integration.experiments.steps import start


def test_only_a_valid_key_signs_in(shared: Running, monitored: MonitoredBrowser) -> None:
    monitored.expected_problems.append("401")
    page = monitored.open(shared)
    page.get_by_label("API key").fill("nonsense")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("does not recognise this key")
    page.get_by_label("API key").fill(ADMIN_KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Variants", exact=True)).to_be_visible()
    assert page.evaluate("Object.values(sessionStorage)") == [ADMIN_KEY]
    assert ADMIN_KEY not in page.evaluate("JSON.stringify(localStorage) + document.cookie + location.href")
    page.reload()
    expect(page.get_by_role("heading", name="Variants", exact=True)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("API key")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_revoked_key_returns_to_sign_in(shared: Running, monitored: MonitoredBrowser) -> None:
    monitored.expected_problems.append("401")
    made = shared.client.post("/keys", json={"name": "short-lived", "scopes": ["read"]}).json()
    page = monitored.open_signed_in(shared, key=made["key"])
    shared.client.delete(f"/keys/{made['key_id']}")
    # The next request is rejected: that of the clicked page, or one that the current page sends before the click.
    page.get_by_role("link", name="Experiments").or_(page.get_by_role("alert")).first.click()
    expect(page.get_by_role("alert")).to_contain_text("no longer valid")
    expect(page.get_by_label("API key")).to_be_visible()


def test_a_read_only_key_sees_no_write_actions(shared: Running, monitored: MonitoredBrowser) -> None:
    create(shared.client, "existing", "other")
    started = start(shared.client, variant_ids=["existing", "other"])
    key = shared.client.post("/keys", json={"name": "viewer", "scopes": ["read"]}).json()["key"]
    page = monitored.open_signed_in(shared, key=key)
    expect(page.get_by_role("link", name="existing").first).to_be_visible()
    labels: list[str] = []
    for path in (
        "/variants",
        "/variants/existing",
        "/experiments",
        f"/experiments/{started}",
    ):
        page.goto(f"{shared.url}/dashboard{path}")
        expect(page.get_by_text("viewer", exact=False).first).to_be_visible()
        page.get_by_role("heading", level=1).wait_for()
        labels += page.get_by_role("button").all_inner_texts() + page.get_by_role("link").all_inner_texts()
    for forbidden in ("New", "Edit", "Archive", "Pause", "Stop", "Promote"):
        assert not [text for text in labels if text.strip().startswith(forbidden)]


def test_a_key_without_read_scope_cannot_sign_in(shared: Running, monitored: MonitoredBrowser) -> None:
    monitored.expected_problems.append("403")
    key = shared.client.post("/keys", json={"name": "selects", "scopes": ["select"]}).json()["key"]
    page = monitored.open(shared)
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("no read permission")
