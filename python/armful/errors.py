"""What can go wrong in the domain. Nothing here knows of HTTP: `armful.api.problems` maps each class to a status.

    ArmfulError
    ├── NotFound
    │   ├── VariantNotFound
    │   ├── ExperimentNotFound
    │   └── KeyNotFound
    ├── Refused                 understood, but against a rule
    ├── Conflict
    │   ├── VariantExists
    │   ├── EventConflict
    │   └── IllegalTransition
    ├── Unauthenticated
    ├── Forbidden
    ├── RateExceeded
    └── Unavailable             try again: the database is out of reach or the queue is full
        └── QueueFull
"""


class ArmfulError(Exception):
    """The base of every error a caller of armful can act on; its text is a sentence for that caller."""


class NotFound(ArmfulError):
    """Something was named that is not there."""


class VariantNotFound(NotFound):
    """Variant '{}' not found"""

    def __init__(self, variant_id: str) -> None:
        super().__init__(f"Variant '{variant_id}' not found")


class ExperimentNotFound(NotFound):
    """Experiment not found: {}"""

    def __init__(self, experiment_id: str) -> None:
        super().__init__(f"Experiment not found: {experiment_id}")


class KeyNotFound(NotFound):
    """Key '{}' not found"""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"Key '{key_id}' not found")


class Refused(ArmfulError):
    """A request that makes sense but that a rule forbids."""


class Conflict(ArmfulError):
    """A request that contradicts what is already there."""


class VariantExists(Conflict):
    """Variant '{}' already exists"""

    def __init__(self, variant_id: str) -> None:
        super().__init__(f"Variant '{variant_id}' already exists")


class EventConflict(Conflict):
    """The event id '{}' was already used with another body"""

    def __init__(self, event_id: str) -> None:
        super().__init__(f"The event id '{event_id}' was already used with another body")


class IllegalTransition(Conflict):
    """An experiment asked to change into a state that its present one does not lead to."""

    def __init__(self, experiment_id: str, status: str, action: str) -> None:
        super().__init__(f"Experiment {experiment_id} is {status}: it cannot be asked to {action}")


class Unauthenticated(ArmfulError):
    """No key, or one that is malformed, unknown or revoked."""


class Forbidden(ArmfulError):
    """The key lacks the scope '{}'"""

    def __init__(self, scope: str) -> None:
        super().__init__(f"The key lacks the scope '{scope}'")


class RateExceeded(ArmfulError):
    """The key's rate of {} requests a second is exceeded"""

    def __init__(self, rate: int, retry_after: int) -> None:
        super().__init__(f"The key's rate of {rate} requests a second is exceeded")
        self.retry_after = retry_after


class Unavailable(ArmfulError):
    """The database cannot be reached; nothing was changed."""


class QueueFull(Unavailable):
    """The write queue is full; nothing was counted."""
