"""A key's text is shown once, and its digest never."""

import msgspec

from armful.domain.key import new_key
from armful.http.views.keys import key_view


def test_the_text_is_shown_only_where_it_is_given() -> None:
    key, text = new_key("website", ["write", "select"], 5)
    shown = msgspec.to_builtins(key_view(key, text))
    assert (shown["key"], shown["scopes"], shown["rate_limit"]) == (text, ["select", "write"], 5)
    later = msgspec.to_builtins(key_view(key))
    assert "key" not in later
    assert "digest" not in later
