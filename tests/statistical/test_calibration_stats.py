"""The calibration of the statistics: quick here, at full size where marked slow (`make calibrate` prints it).

Seeds are fixed. A quick run fails a figure that sits at its limit by chance 1e-4; a full run holds it to the limit.
"""

import pytest
from benchmarks.calibrate.checks import CHECKS
from benchmarks.calibrate.measure import FULL, QUICK, Check

CHECK = pytest.mark.parametrize(
    "check", CHECKS, ids=[f"{n}-{check.name}" for n, check in enumerate(CHECKS, 1)]
)


@CHECK
def test_holds_in_a_quick_run(check: Check) -> None:
    measured = check.measure(QUICK)
    assert measured.holds, f"{measured.figure}, must be {measured.must}"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@CHECK
def test_holds_at_full_size(check: Check) -> None:
    measured = check.measure(FULL)
    assert measured.holds, f"{measured.figure}, must be {measured.must}"
