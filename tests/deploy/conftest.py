"""Shared helpers of the tests of the deployment files."""

import os
import shutil
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"


def program(name: str, package: str) -> str:
    """Return the path of a program. If it is not installed, skip the test, except in CI."""
    path = shutil.which(name)
    if path is None:
        assert not os.environ.get("CI"), f"{name} is missing: CI installs the package {package}"
        pytest.skip(f"{name} is not installed (Debian: apt-get install {package})")
    return path
