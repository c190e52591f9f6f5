"""No two types of armful have the same name."""

import importlib
import inspect
import pkgutil
from collections import defaultdict

import armful


def test_every_type_has_a_name_of_its_own() -> None:
    named: dict[str, set[str]] = defaultdict(set)
    for module in pkgutil.walk_packages(armful.__path__, "armful."):
        if module.name.endswith("__main__"):
            continue
        for name, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if kind.__module__ == module.name and not name.startswith("_"):
                named[name].add(module.name)
    twice = {name: sorted(modules) for name, modules in named.items() if len(modules) > 1}
    assert twice == {}
