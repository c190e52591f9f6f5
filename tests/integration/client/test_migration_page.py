"""What docs/migration.md shows, works: the file that is imported, and a ranking with its reward."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.conftest import ADMIN_KEY, Running
from tests.processes import environment

from armful.client import Client
from armful.contract.variants import PerformanceView

PAGE = (Path(__file__).parents[3] / "docs" / "migration.md").read_text("utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return str(found)


def test_variants_come_along_with_their_history(service: Running, tmp_path: Path) -> None:
    (tmp_path / "variants.csv").write_text(block("csv"))
    words = shlex.split(block("console").removeprefix("$ "), comments=True)
    assert words[0] == "armful"
    subprocess.run(
        [sys.executable, "-m", *words],
        cwd=tmp_path,
        env=environment(tmp_path, ARMFUL_DATABASE_URL=service.settings.database_url or ""),
        check=True,
        capture_output=True,
    )
    with Client(service.url, ADMIN_KEY) as armful:
        warm = armful.get_variant("warm")
        assert warm.dimensions == {"tone": "warm"}
        assert warm.content == "Welcome back!"
        posterior = armful.get_variant_stats("warm").thompson_sampling_stats
        assert (posterior.alpha, posterior.beta) == (121, 881)


def test_a_ranking_and_its_reward(service: Running) -> None:
    with Client(service.url, ADMIN_KEY) as armful:
        armful.create_variants([{"variant_id": "first", "dimensions": {"slot": "headline"}}])
        exec(block("python").replace("http://127.0.0.1:8000", service.url), {"api_key": ADMIN_KEY})
        assert armful.get_variant("first").performance == PerformanceView(1, 1, 1.0)
