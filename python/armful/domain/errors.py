"""The exceptions of the domain. They are independent of HTTP: `armful.http.problems` maps each class to a status.

    ArmfulError
    ├── NotFound
    │   ├── VariantNotFound
    │   ├── ExperimentNotFound
    │   ├── PoolNotFound
    │   └── KeyNotFound
    ├── Refused
    ├── Conflict
    │   ├── VariantExists
    │   ├── EventConflict
    │   ├── KeyEnded
    │   ├── VariantArchived
    │   ├── VariantInUse
    │   └── IllegalTransition
    ├── Unauthenticated
    ├── Forbidden
    ├── RateExceeded
    └── Unavailable
        ├── QueueFull
        ├── Overloaded
        ├── VariantMoved
        └── CommitUnknown

The docstring of a class is its message. Each `{}` is replaced by an argument of the constructor.
"""


class ArmfulError(Exception):
    """{}"""

    def __init__(self, *values: object) -> None:
        super().__init__((type(self).__doc__ or "").format(*values))


class NotFound(ArmfulError):
    """{} not found"""


class VariantNotFound(NotFound):
    """Variant '{}' not found"""


class ExperimentNotFound(NotFound):
    """Experiment not found: {}"""


class PoolNotFound(NotFound):
    """Pool not found: {}"""


class KeyNotFound(NotFound):
    """Key '{}' not found"""


class Refused(ArmfulError):
    """{}"""


class Conflict(ArmfulError):
    """{}"""


class VariantExists(Conflict):
    """Variant '{}' already exists"""


class EventConflict(Conflict):
    """The event id '{}' was already used with another body"""


class KeyEnded(Conflict):
    """Key '{}' is revoked or has expired: create a new one"""


class VariantArchived(Conflict):
    """Variant '{}' is archived: restore it first, or choose another one"""


class VariantInUse(Conflict):
    """Variant '{}' is in running experiments: {}. {}"""


class IllegalTransition(Conflict):
    """Cannot {2}: experiment {0} is {1}"""


class Unauthenticated(ArmfulError):
    """{}"""


class Forbidden(ArmfulError):
    """The key lacks the scope '{}'"""


class RateExceeded(ArmfulError):
    """The key's limit of {} requests per second is exceeded"""


class Unavailable(ArmfulError):
    """The database does not respond; nothing was counted, try again shortly"""


class QueueFull(Unavailable):
    """The write queue is full ({} updates); nothing was counted, try again shortly"""


class Overloaded(Unavailable):
    """The service is overloaded; nothing was counted, try again shortly"""


class VariantMoved(Unavailable):
    """The database was replaced by another one; nothing was counted, try again shortly"""


class CommitUnknown(Unavailable):
    """The database stopped responding during the commit: this may have been counted; it is safe to retry with an event_id"""
