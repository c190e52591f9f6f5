"""Replays real headline tests against a running service, to measure what Thompson sampling would have gained.

    import asyncio
    from armful.tools.replay import read_tests, replay

    report = asyncio.run(replay(read_tests("tests.csv"), url="http://127.0.0.1:8000", key="..."))
    print(report.total.gain, report.total.gain_share)

A simulated reader clicks a headline with the click rate that the headline had in its test: clicks / impressions.
"""

from armful.tools.replay._in_process import InProcessReport, InProcessTest, replay_in_process, shrunken_rates
from armful.tools.replay._report import Mismatch, ReplayCounters, ReplayedTest, ReplayFigures, Report, Shown
from armful.tools.replay._run import replay
from armful.tools.replay._tests import Headline, HeadlineTest, read_tests
from armful.tools.session import ServiceFailed as ReplayFailed

__all__ = [
    "Headline",
    "HeadlineTest",
    "InProcessReport",
    "InProcessTest",
    "Mismatch",
    "ReplayCounters",
    "ReplayFailed",
    "ReplayFigures",
    "ReplayedTest",
    "Report",
    "Shown",
    "read_tests",
    "replay",
    "replay_in_process",
    "shrunken_rates",
]
