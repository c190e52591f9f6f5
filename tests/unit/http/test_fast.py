"""Which requests the front middleware serves itself."""

import pytest

from armful.http.fast import find


@pytest.mark.parametrize(
    ("method", "path", "query", "pattern", "variant_id"),
    [
        ("POST", "/variants/select", b"", "/variants/select", ""),
        ("POST", "/variants/a/performance", b"", "/variants/{variant_id}/performance", "a"),
        ("POST", "/variants/a/performance", b"anything", "/variants/{variant_id}/performance", "a"),
        ("POST", "/variants/select/performance", b"", "/variants/{variant_id}/performance", "select"),
        ("POST", "/variants/a\0b/performance", b"", "/variants/{variant_id}/performance", "a/b"),
        ("POST", "/variants//performance", b"", "/variants/{variant_id}/performance", ""),
        ("GET", "/variants/a/stats", b"", "/variants/{variant_id}/stats", "a"),
        ("GET", "/variants/a/stats", b"confidence_level=0.9", "/variants/{variant_id}/stats", "a"),
    ],
)
def test_a_fast_endpoint_is_found(
    method: str, path: str, query: bytes, pattern: str, variant_id: str
) -> None:
    found = find(method, path, query)
    assert found is not None
    assert (found[0].pattern, found[1]) == (pattern, variant_id)


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "/variants/select", b""),
        ("POST", "/variants/select/", b""),
        ("POST", "/variants/a/b/performance", b""),
        ("POST", "/performance", b""),
        ("POST", "/other/a/performance", b""),
        ("POST", "/variants/performance", b""),
        ("GET", "/variants/a/stats", b"confidence_level=1"),
        ("GET", "/variants/a/stats", b"confidence_level=0.9&x=1"),
        ("GET", "/variants/a/stats", b"x=1"),
        ("GET", "/variants/a", b""),
        ("GET", "/", b""),
    ],
)
def test_litestar_serves_the_others(method: str, path: str, query: bytes) -> None:
    assert find(method, path, query) is None
