"""Keys: wrong ones, ones that may only look, and where they are kept."""

from playwright.sync_api import expect
from tests.browser.conftest import Watched
from tests.conftest import ADMIN_KEY, Running
from tests.integration.contract import create
from tests.integration.test_experiments import start


def test_a_wrong_key_is_told_so_and_a_right_one_comes_in(shared: Running, watched: Watched) -> None:
    watched.expected.append("401")
    page = watched.open(shared)
    page.get_by_label("API key").fill("nonsense")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("does not know this key")
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


def test_a_revoked_key_leads_back_to_signing_in(shared: Running, watched: Watched) -> None:
    watched.expected.append("401")
    made = shared.client.post("/keys", json={"name": "short-lived", "scopes": ["read"]}).json()
    page = watched.signed_in(shared, key=made["key"])
    shared.client.delete(f"/keys/{made['key_id']}")
    # Whatever asks next is refused: what the click leads to, unless the page itself has asked before it.
    page.get_by_role("link", name="Experiments").or_(page.get_by_role("alert")).first.click()
    expect(page.get_by_role("alert")).to_contain_text("does not accept this key any more")
    expect(page.get_by_label("API key")).to_be_visible()


def test_a_key_that_may_only_read_sees_no_button_it_may_not_use(shared: Running, watched: Watched) -> None:
    create(shared.client, "looked-at", "other")
    started = start(shared.client, variant_ids=["looked-at", "other"])
    key = shared.client.post("/keys", json={"name": "looks", "scopes": ["read"]}).json()["key"]
    page = watched.signed_in(shared, key=key)
    expect(page.get_by_role("link", name="looked-at").first).to_be_visible()
    seen: list[str] = []
    for path in (
        "/variants",
        "/variants/looked-at",
        "/experiments",
        f"/experiments/{started}",
    ):
        page.goto(f"{shared.url}/dashboard{path}")
        expect(page.get_by_text("looks", exact=False).first).to_be_visible()
        page.get_by_role("heading", level=1).wait_for()
        seen += page.get_by_role("button").all_inner_texts() + page.get_by_role("link").all_inner_texts()
    for forbidden in ("New", "Edit", "Archive", "Pause", "Stop", "Promote"):
        assert not [text for text in seen if text.strip().startswith(forbidden)]


def test_a_key_that_may_not_read_is_told_so(shared: Running, watched: Watched) -> None:
    watched.expected.append("403")
    key = shared.client.post("/keys", json={"name": "selects", "scopes": ["select"]}).json()["key"]
    page = watched.open(shared)
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("may not read")
