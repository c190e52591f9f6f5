"""What `make wheel` builds installs into an empty virtual environment and serves."""

import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from tests import processes

ROOT = Path(__file__).parents[3]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        ["env", *(f"{name}={value}" for name, value in environment.items()), *map(str, command)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    run("make", "wheel", f"DIST={folder}")
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("armful-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a virtual environment that had nothing in it."""
    folder = tmp_path_factory.mktemp("venv")
    run(ROOT / ".venv/bin/python", "-m", "venv", folder)
    programs = folder / "bin"
    pip = (programs / "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--require-hashes", "--no-deps", "-r", ROOT / "requirements/runtime.txt")
    run(*pip, "--no-deps", wheel)
    return programs


def test_one_wheel_does_for_every_python_from_3_11_on(wheel: Path) -> None:
    assert "-cp311-abi3-" in wheel.name


def test_all_that_is_needed_comes_along(installed: Path) -> None:
    checked = subprocess.run([installed / "pip", "check"], capture_output=True, text=True, check=False)
    # Litestar asks for polyfactory, and uses it for examples in the OpenAPI document only.
    assert [line for line in checked.stdout.splitlines() if "polyfactory" not in line] in (
        [],
        ["No broken requirements found."],
    )
    assert run(installed / "armful", "--version").startswith("armful, version ")


def test_it_serves(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "ARMFUL", (str(installed / "armful"),))
    monkeypatch.chdir(tmp_path)
    with processes.serving(tmp_path / "data") as service:
        assert service.request("POST", "/variants", {"variant_id": "a"}).status_code == 201
        assert service.selected() == ["a"]
        service.show()
        assert service.impressions() == 1
        assert service.request("GET", "/docs").status_code == 200
        assert service.request("GET", "/openapi.json").status_code == 200
        assert str(installed.parent) in processes.command_line(service.workers[0])


CLIENT = """
import sys
from armful_client import Client, NotFoundError
with Client(sys.argv[1], sys.argv[2]) as client:
    [created] = client.create_variants([{"variant_id": "c"}])
    [variant] = client.select_variants("anyone", top_k=1)
    assert variant.variant_id == created.variant_id == "c"
    assert client.track_performance("c", True).updated_performance.successes == 1
    try:
        client.get_variant("nobody")
    except NotFoundError as error:
        print(error.detail)
needless = {"armful", "asyncpg", "litestar", "numpy", "scipy", "uvicorn"} & {name.partition(".")[0] for name in sys.modules}
assert not needless, needless
"""


def test_the_client_alone_needs_little(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("armful_client-*.whl")
    assert not [name for name in files(wheel) if "__pycache__" in name or "_core" in name]
    folder = tmp_path / "venv"
    run(ROOT / ".venv/bin/python", "-m", "venv", folder)
    run(folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    assert len(run(folder / "bin/pip", "list", "--format", "freeze").splitlines()) < 15
    with processes.serving(tmp_path / "data") as service:
        assert "not found" in run(folder / "bin/python", "-c", CLIENT, service.url, service.key)


def test_the_source_distribution_builds_the_same_wheel(built: Path, wheel: Path, tmp_path: Path) -> None:
    (source,) = built.glob("*.tar.gz")
    run(
        *(ROOT / ".venv/bin/python", "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, source),
        PATH=f"{ROOT / '.venv/bin'}:{os.environ['PATH']}",
        CARGO_TARGET_DIR=str(tmp_path / "target"),  # built from its own sources, if not to run
        CARGO_PROFILE_RELEASE_LTO="off",
        CARGO_PROFILE_RELEASE_OPT_LEVEL="0",
    )
    (again,) = tmp_path.glob("*.whl")
    assert files(again) == files(wheel)


def files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())
