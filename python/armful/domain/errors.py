"""What can go wrong in the domain. Nothing here knows of HTTP: `armful.http.problems` maps each class to a status.

    ArmfulError
    ├── NotFound
    │   ├── VariantNotFound
    │   ├── ExperimentNotFound
    │   └── KeyNotFound
    ├── Refused
    ├── Conflict
    │   ├── VariantExists
    │   ├── EventConflict
    │   ├── KeyEnded
    │   └── IllegalTransition
    ├── Unauthenticated
    ├── Forbidden
    ├── RateExceeded
    └── Unavailable
        ├── QueueFull
        ├── Overloaded
        └── CommitUnknown

The docstring of a class is its message; what is in braces is filled with the arguments.
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
    """Key '{}' is revoked or has expired: make a new one"""


class IllegalTransition(Conflict):
    """Experiment {} is {}: it cannot be asked to {}"""


class Unauthenticated(ArmfulError):
    """{}"""


class Forbidden(ArmfulError):
    """The key lacks the scope '{}'"""


class RateExceeded(ArmfulError):
    """The key's rate of {} requests a second is exceeded"""


class Unavailable(ArmfulError):
    """The database does not answer; nothing was counted, try again shortly"""


class QueueFull(Unavailable):
    """{} updates are waiting to be written, and more cannot be written soon; nothing was counted, try again shortly"""


class Overloaded(Unavailable):
    """The service has more to do than it can; nothing was counted, try again shortly"""


class CommitUnknown(Unavailable):
    """The database fell silent during the commit: this may have been counted; with an event_id it is safe to send again"""
