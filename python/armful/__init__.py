"""armful picks the best of an armful of variants, live."""

from importlib.metadata import version

__version__ = version("armful")
