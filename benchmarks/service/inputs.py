"""Builds the requests: variants with some history, selections, reports."""

from itertools import product
from typing import Any

from benchmarks.service.load import Request

PERSONAS = [f"persona_{number}" for number in range(20)]
_HOOKS, _TONES, _LENGTHS = (
    ("question", "statement", "story"),
    ("casual", "professional", "playful"),
    ("short", "long"),
)
_DIMENSIONS = [
    {"hook_style": hook, "tone": tone, "length": length}
    for hook, tone, length in product(_HOOKS, _TONES, _LENGTHS)
]
_MOST_AT_ONCE = 10_000


def variant_id(number: int) -> str:
    """Return the id of a variant."""
    return f"variant_{number:06}"


def variants(start: int, end: int) -> list[dict[str, Any]]:
    """Return variants for `POST /variants`, with 0 to 2,000 impressions."""
    return [
        {
            "variant_id": variant_id(number),
            "dimensions": _DIMENSIONS[number % len(_DIMENSIONS)],
            "impressions": (impressions := number * 37 % 2000),
            "successes": impressions * (number % 13) // 100,
        }
        for number in range(start, end)
    ]


def creations(start: int, end: int) -> list[Request]:
    """Return the requests that create those variants."""
    return [
        Request("POST", "/variants", {"variants": variants(first, min(first + _MOST_AT_ONCE, end))})
        for first in range(start, end, _MOST_AT_ONCE)
    ]


def selections(algorithm: str) -> list[Request]:
    """Return selections of three variants, one for each persona."""
    return [
        Request("POST", "/variants/select", {"top_k": 3, "algorithm": algorithm, "persona_id": persona})
        for persona in PERSONAS
    ]


def reports(count: int, **fields: Any) -> list[Request]:
    """Return a report for each of the first `count` variants. A tenth of them are successes."""
    return [
        Request(
            "POST",
            f"/variants/{variant_id(number)}/performance",
            {"impression": True, "success": number % 10 == 0, **fields},
        )
        for number in range(count)
    ]


def batches(size: int, variety: int, count: int = 5) -> list[Request]:
    """Return `count` batches of `size` reports for the first `variety` variants."""
    return [
        Request(
            "POST",
            "/performance/batch",
            {
                "updates": [
                    {
                        "variant_id": variant_id((first + 7 * number) % variety),
                        "impression": True,
                        "success": number % 10 == 0,
                    }
                    for number in range(size)
                ]
            },
        )
        for first in range(count)
    ]


def statistics(count: int) -> list[Request]:
    """Return a request for the statistics of each of the first `count` variants."""
    return [Request("GET", f"/variants/{variant_id(number)}/stats") for number in range(count)]
