"""Oracles that need a hand to be imported."""

import sys
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest


@pytest.fixture(scope="session")
def savvi_multinomial() -> Any:
    """Give savvi's `Multinomial`, which imports matplotlib, does not declare it and needs none here."""
    pyplot = ModuleType("matplotlib.pyplot")
    with patch.dict(sys.modules, {"matplotlib": ModuleType("matplotlib"), "matplotlib.pyplot": pyplot}):
        from savvi.multinomial import Multinomial
    return Multinomial
