"""`python -m loadtests [locust's options]`: against `--host` where one is given, else against an armful of its own."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx2

LOCUST = [sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("locustfile.py")), "--headless"]
KEY = "loadtest"


def main(options: list[str]) -> int:
    if any(option.split("=")[0] in ("--host", "-H") for option in options):
        return subprocess.run([*LOCUST, *options], check=False).returncode
    with tempfile.TemporaryDirectory(prefix="armful-") as folder:
        environment = {**os.environ, "ARMFUL_DATA_DIR": folder, "ARMFUL_API_KEY": KEY}
        serve = [sys.executable, "-m", "armful", "serve", "--port", "0"]
        with subprocess.Popen(serve, env=environment, stdout=subprocess.PIPE, text=True) as service:
            assert service.stdout is not None
            try:
                url = next(line.split()[1] for line in service.stdout if line.strip().startswith("URL"))
                fill(url)
                return subprocess.run(
                    [*LOCUST, "--host", url, "--api-key", KEY, *options], check=False
                ).returncode
            finally:
                service.terminate()


def fill(url: str) -> None:
    """A hundred variants with some history, and an experiment of two of them."""
    variants = [
        {"variant_id": f"variant-{n}", "content": f"Copy number {n}",
         "dimensions": {"tone": "casual" if n % 2 else "formal"}, "impressions": 100 * n, "successes": 5 * n}
        for n in range(100)
    ]  # fmt: skip
    experiment = {
        "experiment_name": "load test", "variant_ids": ["variant-1", "variant-2"], "traffic_allocation": [0.5, 0.5],
        "target_persona": "developer", "success_metrics": ["click"], "duration_days": 14,
    }  # fmt: skip
    with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=30) as client:
        client.post("/variants", json={"variants": variants}).raise_for_status()
        client.post("/experiments/start", json=experiment).raise_for_status()


sys.exit(main(sys.argv[1:]))
