"""The statistics of rates and experiments: pure functions of counts, independent of the service.

Each module answers one question:

- `rates`: success rates
    - `intervals`: how precisely is a rate known?
    - `comparison`: does a variant differ from control, at the planned end of a test with a fixed split?
    - `sequential`: does it differ, tested at any time before the planned end?
    - `lift_evidence`: does it differ, tested at any time, when the split changes during the test?
    - `adaptive`: rates and lifts under an adaptive split
- `means`: people with several events, and numbers
    - `participant_totals`, `numeric`: how large is a metric, and does it differ?
    - `confidence_sequence`: does it differ, tested at any time?
    - `normal_best`: which variant is the best?
    - `winsorize`, `cuped`: limits on extreme values, and covariates
- `design`: what a test promises
    - `allocation`: the floors that an adaptive split requires
    - `srm`: did the traffic split as planned?
    - `error_budget`, `multiplicity`, `heterogeneity`: one α for several looks, metrics and segments
    - `stopping`: is the leader safe to ship?
- `power`: how much traffic does a test need?
- `shrinkage`: lifts of winners that are not too large
- `fatigue`: does a variant's rate decline over time?
- `priors`: Beta priors of rates
"""
