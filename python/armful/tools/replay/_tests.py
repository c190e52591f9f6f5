"""Reads headline tests from a file."""

import csv
from pathlib import Path

from msgspec import Struct

COLUMNS = ("test_id", "variant_id", "headline", "impressions", "clicks")


class Headline(Struct, frozen=True):
    """A headline of a test, with its impressions and clicks."""

    variant_id: str
    headline: str
    impressions: int
    clicks: int

    @property
    def rate(self) -> float:
        """Clicks per impression, in [0, 1]."""
        return self.clicks / self.impressions


class HeadlineTest(Struct, frozen=True):
    """A test: several headlines of one story, each shown to different readers."""

    test_id: str
    headlines: list[Headline]

    @property
    def impressions(self) -> int:
        """The impressions of all headlines."""
        return sum(headline.impressions for headline in self.headlines)


def read_tests(file: str | Path) -> list[HeadlineTest]:
    """Read the tests of a CSV file with the columns test_id, variant_id, headline, impressions and clicks.

    Raises:
        ValueError: a column is missing or a value is invalid; the message names the line.
        OSError: the file cannot be read.
    """
    tests: dict[str, HeadlineTest] = {}
    seen: set[str] = set()
    with Path(file).open(encoding="utf-8-sig", newline="") as source:
        reader = csv.DictReader(source)
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"{file} has no column {missing[0]}: it needs {', '.join(COLUMNS)}")
        for row in reader:
            try:
                headline = _headline(row)
                if headline.variant_id in seen:
                    raise ValueError(f"the variant_id '{headline.variant_id}' is also on an earlier line")
            except ValueError as error:
                raise ValueError(f"{file}, line {reader.line_num}: {error}") from error
            seen.add(headline.variant_id)
            tests.setdefault(row["test_id"], HeadlineTest(row["test_id"], [])).headlines.append(headline)
    if not tests:
        raise ValueError(f"{file} contains no tests")
    return list(tests.values())


def _headline(row: dict[str, str | None]) -> Headline:
    test_id, variant_id, headline, *counts = (row[column] for column in COLUMNS)
    if not test_id or not variant_id or headline is None:
        raise ValueError("a test_id, a variant_id and a headline are needed")
    try:
        impressions, clicks = (int(count or "") for count in counts)
    except ValueError:
        raise ValueError(
            f"impressions '{counts[0]}' and clicks '{counts[1]}' are not both whole numbers"
        ) from None
    if not 0 <= clicks <= impressions or not impressions:
        raise ValueError(f"{clicks} clicks of {impressions} impressions are not a click rate")
    return Headline(variant_id, headline, impressions, clicks)
