"""A problem lists fields only if some are invalid."""

import msgspec

from armful.contract.problems import FieldError, Problem


def test_errors_are_left_out_where_there_are_none() -> None:
    plain = Problem(title="Not Found", status=404, detail="There is none")
    assert msgspec.to_builtins(plain) == {
        "type": "about:blank", "title": "Not Found", "status": 404, "detail": "There is none",
    }  # fmt: skip
    listed = msgspec.to_builtins(
        Problem(title="t", status=422, detail="d", errors=[FieldError("a", "is missing")])
    )
    assert listed["errors"] == [{"field": "a", "message": "is missing"}]
