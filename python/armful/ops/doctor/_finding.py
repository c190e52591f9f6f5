"""The findings of a diagnosis."""

from typing import Literal

from msgspec import Struct

Verdict = Literal["ok", "warning", "problem"]


class Finding(Struct, frozen=True):
    """A finding: what was examined, and a sentence that also says what to do, if anything."""

    subject: str
    verdict: Verdict
    detail: str


def ok(subject: str, detail: str) -> Finding:
    """Everything is in order."""
    return Finding(subject, "ok", detail)


def warning(subject: str, detail: str) -> Finding:
    """It works, but should be changed."""
    return Finding(subject, "warning", detail)


def problem(subject: str, detail: str) -> Finding:
    """It does not work, or breaks a guarantee."""
    return Finding(subject, "problem", detail)
