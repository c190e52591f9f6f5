"""Every example belongs to an operation that is listed, and operations come in the order in which they succeed."""

from armful.http.openapi.examples import BODIES, LINES, LINKS, ORDER, in_order

LISTED = {(method, path) for path, methods in ORDER for method in methods.split()}


def test_examples_and_links_are_of_listed_operations() -> None:
    assert set(BODIES) <= LISTED
    assert set(LINKS) <= LISTED
    assert LINES.count("\n") == 2


def test_listed_paths_come_first_and_the_others_follow() -> None:
    paths = {
        "/other": {"get": {}},
        "/keys": {"get": {}, "post": {}},
        "/variants": {"get": {}, "put": {}, "post": {}},
    }
    ordered = in_order(paths)
    assert list(ordered) == ["/variants", "/keys", "/other"]
    assert list(ordered["/variants"]) == ["post", "get", "put"]
    assert ordered == paths
