"""Types of single fields, with the limits that the HTTP contract sets."""

from typing import Annotated

from msgspec import Meta

Name = Annotated[
    str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+(?![\s\S])")
]
"""What people read a thing by: 1 to 255 printable characters."""

VariantId = Name
"""1 to 255 printable characters."""

PoolName = Name
"""1 to 255 printable characters."""

ExperimentId = Annotated[str, Meta(min_length=12, max_length=64, pattern=r"^exp_[0-9A-Za-z_-]+(?![\s\S])")]
"""`exp_` and 8 to 60 letters, digits, underscores and hyphens."""

Label = Annotated[str, Meta(min_length=1, max_length=255)]
"""A name that callers choose, such as that of a persona, a participant, a metric or a dimension."""

Text = Annotated[str, Meta(max_length=100_000)]
"""Free text."""

EventId = Annotated[str, Meta(min_length=1, max_length=128)]
"""An idempotency key: updates with the same id count once."""

Count = Annotated[int, Meta(ge=0, le=2**53)]
"""A number of impressions or successes. Integers up to 2⁵³ are exact as doubles."""

Amount = Annotated[float, Meta(ge=-1e12, le=1e12)]
"""A number that an update reports, such as revenue or minutes. Nine decimals of it count."""

Cost = Annotated[float, Meta(ge=0, le=1e9)]
"""What one impression costs, in the caller's currency."""

Features = Annotated[dict[Label, Annotated[float, Meta(ge=-1e9, le=1e9)]], Meta(max_length=64)]
"""What a variant is like, as numbers by name."""

Embedding = Annotated[list[Annotated[float, Meta(ge=-1e6, le=1e6)]], Meta(min_length=1, max_length=64)]
"""A vector that describes a variant's content: those of similar contents are similar."""
