"""The statistics of rates and experiments: pure functions of counts, independent of the service.

Each module answers one question:

- `intervals`: how precisely is a rate known?
- `comparison`: does a variant differ from control, at the planned end of a test with a fixed split?
- `sequential`: does it differ, tested at any time before the planned end?
- `lift_evidence`: does it differ, tested at any time, when the split changes during the test?
- `participant_totals`, `numeric`: how large is a metric, and does it differ, when people have several events or numbers?
- `confidence_sequence`: does it differ, tested at any time?
- `winsorize`, `cuped`, `shrinkage`: limits on extreme values, covariates, and lifts that are not too large
- `adaptive`, `allocation`: rates and lifts under an adaptive split, and the floors that they require
- `srm`: did the traffic split as planned?
- `power`: how much traffic does a test need?
- `stopping`: is the leader safe to ship?
- `fatigue`: does a variant's rate decline over time?
- `priors`: which rate is plausible for a variant without data?
"""
