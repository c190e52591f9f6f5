"""The statistics of rates and experiments: pure functions of counts, which know nothing of the service.

Each module answers one question:

- `intervals`: how sure is a rate?
- `comparison`: does a variant differ from control, at the planned end of a test with a fixed split?
- `sequential`: the same, at every look before that
- `lift_evidence`: the same where the share of the traffic changes on the way
- `adaptive`, `allocation`: rates and lifts where traffic followed the outcomes, and the floors that takes
- `srm`: did the traffic split as it should have?
- `power`: how much traffic does a test need?
- `stopping`: is the leader safe to ship?
- `fatigue`: does a variant wear out?
- `priors`: where does a rate lie before it has been seen?
"""
