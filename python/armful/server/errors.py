"""The error raised when armful cannot start to serve."""

from armful.domain.errors import ArmfulError


class CannotServe(ArmfulError):
    """{}"""
