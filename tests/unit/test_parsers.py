"""Whatever is put into our parsers: a value or the error that is named, in time that grows with the size."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from armful.contract.decoding import Unprocessable, decode
from armful.contract.experiments import AssignRequest, ChangeRequest, Promotion, StartRequest
from armful.contract.keys import NewKey, Rotation
from armful.contract.outcomes import BatchItem
from armful.contract.selection import SelectRequest
from armful.contract.variants import NewVariants, VariantPatch
from armful.domain.errors import Refused, Unauthenticated
from armful.domain.key import new_key
from armful.domain.outcome import Outcome
from armful.domain.variant import NewVariant
from armful.http import fast as hot
from armful.http.paths import decoded, unescaped
from armful.http.routes.outcomes import _split_batch, _split_lines
from armful.observability import request_ids
from armful.observability.logs import escape_control_characters
from armful.ops.transfer import files as _variant_files
from armful.ops.transfer.files import Format, read
from armful.replica.api_key_cache import ApiKeyCache
from armful.settings import Settings, from_environment

BODIES = [
    SelectRequest, Outcome, BatchItem, NewVariant, NewVariants, VariantPatch, NewKey, Rotation, StartRequest,
    ChangeRequest, AssignRequest, Promotion,
]  # fmt: skip

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def nearly(kind: Any) -> st.SearchStrategy[bytes]:
    """Objects with a body's fields, and anything in them."""
    names = [field.name for field in msgspec.structs.fields(kind)]
    objects = st.dictionaries(st.sampled_from(names) | st.text(max_size=3), anything, max_size=len(names))
    return objects.map(msgspec.json.encode)


@pytest.mark.parametrize("kind", BODIES, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_bodies(kind: Any, data: st.DataObject) -> None:
    body = data.draw(st.binary() | anything.map(msgspec.json.encode) | nearly(kind))
    try:
        value = decode(body, msgspec.json.Decoder(kind))
    except Unprocessable as error:
        refused = error
    else:
        assert isinstance(value, kind)
        return
    assert all(error.field and 0 < len(error.message) < 400 for error in refused.errors)


@given(body=st.binary() | st.lists(anything.map(msgspec.json.encode) | nearly(BatchItem)).map(b"\n".join))
@pytest.mark.parametrize("split", [_split_lines, _split_batch])
def test_batches(split: Callable[[bytes], list[Any]], body: bytes) -> None:
    for text in (body, b'{"updates": [%b]}' % body.replace(b"\n", b",")):
        try:
            items = split(text)
        except Unprocessable:
            continue
        assert all(isinstance(item, bytes | BatchItem) for item in items)


def test_batches_of_too_many_items_are_not_taken_apart() -> None:
    assert len(_split_lines(b"abc\n" * 1_000_000)) == 20_001
    with pytest.raises(Unprocessable, match="more than 10000 items"):
        _split_batch(b'{"updates": [' + b"1," * 1_000_000 + b"1]}")


LINES = st.binary(max_size=60) | st.text('",\n\r\\ab1.{}:é\0', max_size=40).map(str.encode)


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
@given(lines=st.lists(LINES | nearly(NewVariant), max_size=8), header=st.booleans())
def test_files_of_variants(kind: Format, lines: list[bytes], header: bool) -> None:
    top = b"variant_id,content,dimensions,dimension.tone,impressions,prior_alpha\n" if header else b""
    given_lines = (top + b"\n".join(lines)).splitlines(keepends=True)
    try:
        for number, variant in read(given_lines, kind):
            assert 1 <= number <= len(given_lines)
            assert isinstance(variant, NewVariant | Unprocessable)
    except Refused:
        assert kind == "csv"


@given(header=st.none() | st.binary() | st.binary().map(lambda text: b"Bearer " + text))
@example(header=b"Bearer \xff\xfe")
@example(header=b"bearer  key ")
@example(header=b"Bearer" + b" " * 10_000)
def test_authorization_headers(header: bytes | None) -> None:
    key_cache = ApiKeyCache("the-key-of-the-settings")
    if header is not None and re.fullmatch(rb"(?i)bearer +the-key-of-the-settings\s*", header):
        key_cache.authenticate(header)
    else:
        with pytest.raises(Unauthenticated) as refused:
            key_cache.authenticate(header)
        assert str(refused.value).startswith(
            ("Send an API key", "The Authorization header", "The API key is unknown")
        )


@given(cut=st.integers(0, 60), noise=st.binary(min_size=1, max_size=3))
def test_a_key_that_differs_anywhere_is_unknown(cut: int, noise: bytes) -> None:
    key, text = new_key("k", ["read"])
    key_cache = ApiKeyCache(None)
    key_cache.load([key])
    assert key_cache.authenticate(b"Bearer " + text.encode()) is key
    changed = text.encode()[:cut] + noise + text.encode()[cut + len(noise) :]
    if changed.strip() != text.encode():
        with pytest.raises(Unauthenticated):
            key_cache.authenticate(b"Bearer " + changed)


@given(raw=st.binary() | st.text("/%2f.e0sva", max_size=30).map(str.encode))
def test_paths(raw: bytes) -> None:
    path = decoded(raw)
    assert path.count("/") == raw.partition(b"?")[0].count(b"/")
    for method in ("GET", "POST"):
        if (found := hot.find(method, path)) is not None:
            endpoint, variant_id = found
            assert endpoint.method == method
            assert unescaped(path) == endpoint.pattern.replace("{variant_id}", variant_id)


@given(sent=st.none() | st.binary() | st.text("aZ0-._:@/+=", min_size=1, max_size=140).map(str.encode))
def test_request_ids(sent: bytes | None) -> None:
    taken = request_ids.accept_or_generate(sent)
    assert re.fullmatch(rb"[A-Za-z0-9._:@/+=-]{1,128}", taken)
    assert taken == sent or sent is None or not re.fullmatch(rb"[A-Za-z0-9._:@/+=-]{1,128}", sent)


@given(text=st.text())
def test_logged_texts(text: str) -> None:
    escaped = escape_control_characters(text)
    assert escaped.isprintable() or not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", escaped)
    assert len(escaped.splitlines()) <= 1


@given(
    environment=st.dictionaries(
        st.sampled_from([f"ARMFUL_{name.upper()}" for name in Settings.__struct_fields__]),
        st.text(max_size=20)
        | st.integers().map(str)
        | st.floats().map(str)
        | st.sampled_from(["true", "json", "*"]),
        max_size=4,
    )
)
def test_settings(environment: dict[str, str]) -> None:
    try:
        assert isinstance(from_environment(environment), Settings)
    except ValueError as error:
        said = str(error)
    else:
        return
    assert any(name in said for name in environment)


SIZE = 300_000
HOSTILE = {
    "path of an error": lambda: decode(
        msgspec.json.encode({"status": " - at `$" * SIZE + "\n"}), msgspec.json.Decoder(VariantPatch)
    ),
    "path of an error in a long list": lambda: decode(
        msgspec.json.encode({"scopes": ["read"] * SIZE + [" - at `key` in `$.a[0]" * 1000], "name": "k"}),
        msgspec.json.Decoder(NewKey),
    ),
    "variant id": lambda: decode(
        msgspec.json.encode({"variant_id": "a" * SIZE + "\n"}), msgspec.json.Decoder(NewVariant)
    ),
    "quotes in CSV": lambda: list(
        read([b"variant_id,content\n", b'a,""' + b',"' * SIZE + b"\n", b'"' * SIZE + b"\n"], "csv")
    ),
    "digits in CSV": lambda: list(
        read([b"variant_id,impressions,prior_alpha\n", b"a," + b" " * SIZE + b"1" * SIZE + b"x,1\n"], "csv")
    ),
    "slashes": lambda: hot.find("GET", decoded(b"/variants" + b"/%2f" * SIZE + b"/stats")),
    "spaces of a header": lambda: ApiKeyCache("k").authenticate(b"Bearer" + b" " * SIZE + b"k" + b" " * SIZE),
    "origins": lambda: from_environment({"ARMFUL_CORS_ORIGINS": "https://" + "a." * SIZE + "/"}),
    "control characters": lambda: escape_control_characters("\x1b[" * SIZE),
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.timeout(120)
def test_no_pattern_takes_the_square_of_its_text(what: str) -> None:
    """With the square of this size a pattern would be busy for hours, and the test would time out."""
    try:
        HOSTILE[what]()
        answer = "accepted"
    except (Unprocessable, Refused, Unauthenticated, ValueError) as error:
        answer = str(error)
    assert answer


def test_a_long_value_is_not_repeated_in_full() -> None:
    with pytest.raises(Unprocessable) as refused:
        decode(msgspec.json.encode({"status": "x" * SIZE}), msgspec.json.Decoder(VariantPatch))
    assert len(str(refused.value)) < 400


def test_what_was_sent_is_not_taken_for_the_place_where_it_stood() -> None:
    with pytest.raises(Unprocessable) as refused:
        decode(b'{"status": "x\' - at `$.forged`"}', msgspec.json.Decoder(VariantPatch))
    (error,) = refused.value.errors
    assert error.field == "status"


def test_a_field_of_csv_has_a_limit() -> None:
    long = b"variant_id,content\na," + b"x" * (_variant_files._LONGEST_CELL + 1) + b"\n"
    (only,) = read(long.splitlines(keepends=True), "csv")
    assert isinstance(only[1], Unprocessable)
