"""Every module with logic of its own has its unit test at the mirrored path, or is listed here with the reason why not."""

import ast
from fnmatch import fnmatch
from pathlib import Path

import pytest

UNIT = Path(__file__).parent
PACKAGE = UNIT.parents[1] / "python/armful"

BY_INTEGRATION = {
    "*store.py": "SQL: needs PostgreSQL",
    "replica/*_rows.py": "SQL: needs PostgreSQL",
    "app.py": "wires a process: every test over HTTP starts it",
    "lifespan.py": "wires a process: every test over HTTP starts it",
    "features/services.py": "wires a process: every test over HTTP starts it",
    "db/migrate.py": "needs PostgreSQL",
    "db/partitions.py": "needs PostgreSQL",
    "db/pool.py": "needs PostgreSQL",
    "db/sessions.py": "needs PostgreSQL and PgBouncer",
    "db/usable.py": "needs PostgreSQL",
    "ingest/batch_writer.py": "needs PostgreSQL, and a network that fails",
    "replica/change_feed.py": "needs PostgreSQL",
    "replica/persona_counts.py": "needs PostgreSQL",
    "replica/reconciliation.py": "needs PostgreSQL",
    "replica/usage.py": "needs PostgreSQL",
    "features/audit/*.py": "needs PostgreSQL",
    "features/experiments/covariates.py": "needs PostgreSQL",
    "features/experiments/service.py": "needs PostgreSQL",
    "features/experiments/results/*.py": "parts of one evaluation, which is tested as a whole",
    "features/holdouts/service.py": "needs PostgreSQL",
    "features/insights/history.py": "needs PostgreSQL",
    "features/pools/persona_learner.py": "needs PostgreSQL",
    "features/pools/service.py": "needs PostgreSQL",
    "ops/backup/*.py": "runs PostgreSQL's programs",
    "ops/database.py": "runs PostgreSQL's programs",
    "ops/doctor/*.py": "looks at an installation and its PostgreSQL",
    "ops/postgres/*.py": "runs PostgreSQL's programs",
    "ops/probe.py": "needs a socket with a service behind it",
    "ops/retention/*.py": "needs PostgreSQL",
    "http/front.py": "needs a running service",
    "http/prefix.py": "needs a running service",
    "http/routes/*.py": "needs a running service",
    "http/dashboard.py": "needs a running service and a browser",
    "http/docs.py": "needs a running service and a browser",
    "http/openapi/*.py": "one document, which is tested as a whole",
    "http/views/covariates.py": "needs an experiment's results",
    "http/views/results.py": "needs an experiment's results",
    "observability/tracing.py": "needs spans of a running service",
    "server/process.py": "a process",
    "server/serve.py": "starts processes",
    "server/supervisor.py": "starts processes",
    "client/_async.py": "needs a running service",
    "client/_sync.py": "needs a running service",
    "tools/demo/_play.py": "needs a running service",
    "tools/replay/_run.py": "needs a running service",
    "tools/simulate/_plot.py": "draws a picture: the command's test looks at it",
    "tools/watch.py": "needs a running service",
    "cli/*.py": "a command, run as a process",
}
"""Modules that integration tests cover alone, as patterns, with the reason."""


def has_logic(module: Path) -> bool:
    """Whether a module has a function that does something: protocols and plain types have none."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            doc = ast.get_docstring(node) is not None
            if any(not isinstance(statement, ast.Pass) for statement in node.body[doc:]):
                return True
    return False


def unit_test_of(module: str) -> Path:
    """The path of a module's unit test."""
    path = UNIT / module
    return path.with_name(f"test_{path.stem.lstrip('_')}.py")


MODULES = [
    str(path.relative_to(PACKAGE)) for path in sorted(PACKAGE.rglob("*.py")) if not path.stem.startswith("__")
]


def test_every_module_with_logic_has_its_unit_test_or_a_reason() -> None:
    assert len(MODULES) > 150
    missing = [
        module
        for module in MODULES
        if has_logic(PACKAGE / module)
        and not unit_test_of(module).is_file()
        and not any(fnmatch(module, pattern) for pattern in BY_INTEGRATION)
    ]
    assert missing == []


@pytest.mark.parametrize("pattern", BY_INTEGRATION)
def test_every_exception_is_needed(pattern: str) -> None:
    matched = [module for module in MODULES if fnmatch(module, pattern)]
    assert any(not unit_test_of(module).is_file() for module in matched)


def test_every_folder_of_unit_tests_is_that_of_a_package() -> None:
    others = {"benchmarks", "core", "docs", "style"}
    folders = {path.parent.relative_to(UNIT) for path in UNIT.rglob("test_*.py")} - {Path()}
    assert [str(one) for one in folders if one.parts[0] not in others and not (PACKAGE / one).is_dir()] == []
