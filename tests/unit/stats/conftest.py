"""Oracles that need a hand to be imported."""

import sys
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="session")
def savvi_multinomial() -> Any:
    """Give savvi's `Multinomial`, which imports matplotlib, does not declare it and needs none here."""
    stand_ins = {
        name: ModuleType(name) for name in ("matplotlib", "matplotlib.pyplot") if name not in sys.modules
    }
    sys.modules.update(stand_ins)
    try:
        from savvi.multinomial import Multinomial
    finally:
        for name in stand_ins:
            del sys.modules[name]
    return Multinomial
