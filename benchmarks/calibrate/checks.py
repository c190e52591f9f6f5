"""All checks, in the order of the table."""

from functools import partial

from benchmarks.calibrate import adaptive, exact, numbers, peeking, people, personas, verdicts, winners
from benchmarks.calibrate.learning_checks import LEARNING_CHECKS
from benchmarks.calibrate.measure import Check

from armful.domain.experiment import Metric

RATES = (0.01, 0.05, 0.12, 0.5)

CHECKS = [
    Check("Credible interval covers, averaged over its prior", exact.credible_coverage),
    Check(
        "Wilson interval covers, averaged over rates 0.005 to 0.2, 50 to 5,000 impressions",
        exact.wilson_coverage,
    ),
    Check("Interval of the difference covers, 120 against 90 impressions", exact.difference_coverage),
    Check("Interval of the lift covers, 120 against 90 impressions", exact.lift_coverage),
    Check("Equal arms significant at the planned end, 120 against 90 impressions", exact.fixed_horizon_size),
    *(
        Check(
            f"Equal arms at {rate}, fixed split: ever significant", partial(peeking.false_alarms, rate=rate)
        )
        for rate in RATES
    ),
    Check("The same at 0.05 by a plain z test", peeking.naive_false_alarms),
    *(
        Check(
            f"{arms} equal arms at 0.05, fixed split: a verdict at any of 20 looks or at the planned end",
            partial(verdicts.wrong_verdicts, arms=arms),
        )
        for arms in (2, 5)
    ),
    *(
        Check(
            f"Equal arms at {rate}, Thompson sampling: ever significant",
            partial(adaptive.false_alarms, rate=rate),
        )
        for rate in RATES
    ),
    Check("The same at 0.05 by a plain z test", adaptive.naive_false_alarms),
    Check(
        "Equal arms at 0.05, Thompson sampling, outcomes 500 impressions late: ever significant",
        partial(adaptive.false_alarms, rate=0.05, delay=500),
    ),
    Check("Confidence sequence ever misses a lift of 50 %, fixed split", peeking.sequence_misses),
    Check("Confidence sequence ever misses a lift of 50 %, Thompson sampling", adaptive.sequence_misses),
    Check(
        "0.08 against 0.12, fixed split: median impressions to significance",
        peeking.impressions_to_significance,
    ),
    Check("The same: found by the planned end of a test of 80 % power", peeking.found_by_the_planned_end),
    *(
        Check(
            f"0.08 against 0.12, Thompson sampling with floors of {floor:.0%}: median impressions to significance",
            partial(adaptive.impressions_to_significance, floor=floor),
        )
        for floor in (0.05, 0.2)
    ),
    Check(
        "Thompson sampling, equal arms at 0.05: interval of the difference covers",
        partial(adaptive.coverage, control_rate=0.05, rate=0.05),
    ),
    Check(
        "Thompson sampling, 0.08 against 0.12: interval of the difference covers",
        partial(adaptive.coverage, control_rate=0.08, rate=0.12),
    ),
    Check(
        "Thompson sampling, 0.08 against 0.12: interval of the lift covers",
        partial(adaptive.lift_coverage, control_rate=0.08, rate=0.12),
    ),
    *(
        Check(
            f"Equal arms of people, ICC {icc}, {name}: significant at any of 25 looks or at the planned end",
            partial(people.false_alarms, metric=metric, icc=icc),
        )
        for metric, name in (("converted", "participants who convert"), ("ratio", "successes per impression"))
        for icc in (0.0, 0.02, 0.1, 0.5)
    ),
    Check("The same, ICC 0.1, by a plain z test of impressions, ever", people.naive_false_alarms),
    *(
        Check(
            f"The same, ICC 0.1, successes per impression, {name}",
            partial(people.false_alarms, metric="ratio", impressions=impressions),
        )
        for name, impressions in (
            ("geometric impressions", people.geometric),
            ("heavy-tailed impressions", people.heavy_tailed),
            ("bots with 1,000 impressions", people.with_bots),
        )
    ),
    *(
        Check(f"The same, ICC 0.1, five arms, {name}", partial(people.false_alarms, metric=metric, arms=5))
        for metric, name in (("converted", "participants who convert"), ("ratio", "successes per impression"))
    ),
    Check("The same, ICC 0.1, three guardrails: any called harmed", people.guardrail_alarms),
    Check("The same, ICC 0.1, 20 segments: any called significant at the end", people.segment_alarms),
    *(
        Check(
            f"Equal arms of people, {name}: a verdict at any of 25 looks or at the planned end",
            partial(numbers.false_alarms, **arguments),
        )
        for name, arguments in (
            ("spend per participant, 30 % buy", {"metric": Metric("number")}),
            ("spend per participant, 5 % buy", {"metric": Metric("number"), "spend": numbers.few_buyers}),
            (
                "spend per participant, limited at the 99 % quantile",
                {"metric": Metric("number", winsorize=0.99)},
            ),
            ("spend per impression, 30 % buy", {"metric": Metric("number", "impression")}),
            ("spend per participant, five arms", {"metric": Metric("number"), "arms": 5}),
        )
    ),
    *(
        Check(
            f"Equal arms of people, spend per participant adjusted for a covariate, {name}: "
            "significant at any of 25 looks or at the planned end",
            partial(numbers.adjusted_false_alarms, arms=arms),
        )
        for arms, name in ((2, "two arms"), (5, "five arms"))
    ),
    Check("Fair split: sample-ratio alarm at the end", peeking.ratio_alarms),
    Check("Fair split: sequential sample-ratio alarm, ever", peeking.sequential_ratio_alarms),
    *(
        Check(
            f"True lifts of ± 5 %, {participants:,} participants per arm: {name}",
            partial(measure, participants=participants),
        )
        for participants in (14_751, 3_700)
        for name, measure in (
            ("mean shrunken lift of winners", winners.exaggeration),
            ("interval of winners' shrunken lifts covers", winners.coverage),
        )
    ),
    *LEARNING_CHECKS,
    *(
        Check(
            f"20 arms, 20 personas, {name}: regret of an auto pool against no personas, {personas.STEPS:,} steps",
            partial(personas.auto_against_global, name=name),
        )
        for name in personas.WORLDS
    ),
]
