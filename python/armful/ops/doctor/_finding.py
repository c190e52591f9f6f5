"""What an examination says."""

from typing import Literal

from msgspec import Struct

Verdict = Literal["ok", "warning", "problem"]


class Finding(Struct, frozen=True):
    """One thing that was looked at: how it is, in a sentence that says what to do where something is to be done."""

    subject: str
    verdict: Verdict
    detail: str


def ok(subject: str, detail: str) -> Finding:
    """It is as it should be."""
    return Finding(subject, "ok", detail)


def warning(subject: str, detail: str) -> Finding:
    """It works, and should not stay like that."""
    return Finding(subject, "warning", detail)


def problem(subject: str, detail: str) -> Finding:
    """It does not work, or does not keep what is promised."""
    return Finding(subject, "problem", detail)
