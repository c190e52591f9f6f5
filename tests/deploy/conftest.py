"""Programs and folders that these tests share."""

import os
import shutil
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"


def program(name: str, package: str) -> str:
    """The path of a program; where it is not installed the test is skipped, except in CI."""
    found = shutil.which(name)
    if found is None:
        assert not os.environ.get("CI"), f"{name} is missing: CI installs the package {package}"
        pytest.skip(f"{name} is not installed (Debian: apt-get install {package})")
    return found
