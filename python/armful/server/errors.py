"""Why armful cannot serve."""

from armful.domain.errors import ArmfulError


class CannotServe(ArmfulError):
    """{}"""
