"""Replays: what is read, and what is worked out."""

from pathlib import Path

import pytest

from armful.tools.replay import Headline, HeadlineTest, ReplayFigures, read_tests

HEADER = "test_id,variant_id,headline,impressions,clicks\n"


def test_a_file_gives_its_tests_in_order(tmp_path: Path) -> None:
    file = tmp_path / "tests.csv"
    file.write_text(f'\ufeff{HEADER}t2,a,"One, two",10,1\nt1,c,Three,4,4\nt2,b,Four,30,0\n', "utf-8")
    tests = read_tests(file)
    assert tests == [
        HeadlineTest("t2", [Headline("a", "One, two", 10, 1), Headline("b", "Four", 30, 0)]),
        HeadlineTest("t1", [Headline("c", "Three", 4, 4)]),
    ]
    assert tests[0].impressions == 40
    assert tests[0].headlines[0].rate == 0.1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("test_id,variant_id,headline,impressions\n", "has no column clicks"),
        (HEADER, "contains no tests"),
        (f"{HEADER}t,a,One,10,x\n", "line 2: impressions '10' and clicks 'x' are not both whole numbers"),
        (f"{HEADER}t,a,One,10\n", "line 2: impressions '10' and clicks 'None'"),
        (f"{HEADER}t,a,One,10,1\nt,b,Two,0,0\n", "line 3: 0 clicks of 0 impressions are not a click rate"),
        (f"{HEADER}t,a,One,3,4\n", "line 2: 4 clicks of 3 impressions are not a click rate"),
        (f"{HEADER}t,a,One,10,1\nu,a,Two,10,1\n", "line 3: the variant_id 'a' is also on an earlier line"),
        (f"{HEADER},a,One,10,1\n", "line 2: a test_id, a variant_id and a headline are needed"),
    ],
)
def test_a_file_that_is_no_replay_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "tests.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_tests(file)


def test_gains_are_over_uniform_allocation() -> None:
    one = ReplayFigures.of(100, 7, 6.0, 4.0, 8.0)
    assert (one.gain, one.gain_share) == (2.0, 0.5)
    none = ReplayFigures.of(50, 5, 4.9999999999, 5.0, 5.0)
    assert none.gain_share is None
    total = ReplayFigures.total([one, none])
    assert (total.rounds, total.clicks) == (150, 12)
    assert total.gain_share == pytest.approx(0.5)
