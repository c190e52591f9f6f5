"""Simulates clients of armful: they select, show and report, and sometimes read statistics, a listing or results.

`python -m loadtests` (or `make loadtest`) runs this with a temporary armful. `locust -f loadtests/locustfile.py --host …
--api-key …` runs it with any other, in any of Locust's modes. Each kind of request has a limit for its 95th percentile. If
one is exceeded, or requests fail, Locust exits with status 1.

Users select only among variants of the load test, so they report nothing about others. The variants are archived at the
end, because other clients of the same service would otherwise still get them.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import gevent
import requests
from locust import FastHttpUser, between, events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import WorkerRunner


class Kind(NamedTuple):
    """A kind of request: its name in the report, and the limit of its 95th percentile in milliseconds."""

    method: str
    name: str
    limit: int


KINDS = {
    "select": Kind("POST", "/variants/select", 100),
    "update": Kind("POST", "/variants/[id]/performance", 50),
    "stats": Kind("GET", "/variants/[id]/stats", 200),
    "list": Kind("GET", "/variants", 500),
    "results": Kind("GET", "/experiments/[id]/results", 500),
}
WEIGHTS = {"visit": 100, "stats": 5, "list": 1, "results": 1}
"""Relative frequencies of the users' tasks. A visit is a selection and a report on each variant that it chose."""

VARIANTS = [f"locust_{number:03}" for number in range(100)]
OURS = {"load_test": "locust"}
"""The dimension of the load test's variants, which no others have."""
_NAME = "Load test"
"""How the names of the load test's experiments begin."""
TONES = ("casual", "professional", "playful")


@events.init_command_line_parser.add_listener
def add_options(parser: LocustArgumentParser) -> None:
    # People who can open Locust's page must not see the key.
    parser.add_argument(
        "--api-key",
        env_var="ARMFUL_API_KEY",
        default="",
        include_in_web_ui=False,
        help="an API key with the scopes read, select and write",
    )
    parser.add_argument("--think", type=float, default=1.0, help="seconds between a user's requests (1)")
    parser.add_argument("--top-k", type=int, default=3, help="variants per selection (3)")
    parser.add_argument(
        "--keep", action="store_true", help="leave the variants active and the experiment running at the end"
    )
    parser.add_argument(
        "--figures", default="", help="write the figures of each kind of request to this file, as JSON"
    )
    parser.add_argument(
        "--max-failures", type=float, default=0.0, help="fraction of requests that may fail (0)"
    )
    for task, weight in WEIGHTS.items():
        parser.add_argument(
            f"--weight-{task}", type=int, default=weight, help=f"weight of the task ({weight})"
        )
    for name, kind in KINDS.items():
        parser.add_argument(
            f"--limit-{name}",
            type=float,
            default=kind.limit,
            help=f"limit of the 95th percentile in milliseconds ({kind.limit})",
        )


class Client(FastHttpUser):
    """A user who selects variants, shows them, and reports the outcomes."""

    network_timeout = 10.0
    connection_timeout = 10.0

    def on_start(self) -> None:
        options = self.environment.parsed_options
        self.headers = {"Authorization": f"Bearer {options.api_key}"}
        self.persona = f"persona_{random.randrange(20)}"
        self.top_k = options.top_k

    def visit(self) -> None:
        """Select, and report for each variant that it was shown and, later, that it succeeded."""
        how = {
            "top_k": self.top_k,
            "algorithm": "thompson_sampling_exploration",
            "persona_id": self.persona,
            "dimensions": OURS,
        }
        selection = self.post("select", "/variants/select", how)
        for variant in selection.get("selected_variants", ()):
            self.wait()
            path = f"/variants/{variant['variant_id']}/performance"
            shown = {"selection_id": selection["selection_id"], "persona_id": self.persona}
            self.post("update", path, {**shown, "impression": True, "success": False})
            if random.random() < rate(variant["variant_id"]):
                self.wait()
                self.post("update", path, {**shown, "impression": False, "success": True})

    def stats(self) -> None:
        """Read the statistics of a variant."""
        self.get("stats", f"/variants/{random.choice(VARIANTS)}/stats")

    def list(self) -> None:
        """List the variants of one tone."""
        self.get("list", f"/variants?load_test=locust&tone={random.choice(TONES)}&limit=50")

    def results(self) -> None:
        """Read the experiment's results."""
        if prepared:
            self.get("results", f"/experiments/{prepared['experiment_id']}/results")

    def get(self, kind: str, path: str) -> None:
        self.client.get(path, headers=self.headers, name=KINDS[kind].name)

    def post(self, kind: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return the response's JSON; an empty dictionary for a failure, which Locust counts."""
        answer = self.client.post(path, json=body, headers=self.headers, name=KINDS[kind].name)
        return answer.json() if answer.status_code == 200 else {}


def rate(variant_id: str) -> float:
    """Return a variant's true success rate: between 1 % and 10 %, the same in every run."""
    return 0.01 + 0.09 * random.Random(variant_id).random()


prepared: dict[str, str] = {}


@events.init.add_listener
def choose_tasks(environment: Environment, **_: Any) -> None:
    """Set weights and think time from the options."""
    options = environment.parsed_options
    Client.tasks = [
        getattr(Client, task) for task in WEIGHTS for _ in range(getattr(options, f"weight_{task}"))
    ]
    Client.wait_time = between(0.5 * options.think, 1.5 * options.think)


@events.test_start.add_listener
def begin(environment: Environment, **_: Any) -> None:
    """Create what the users request."""
    choose_tasks(environment)  # again, because the options may have been changed in the browser
    prepared.clear()
    if not (Client.host or environment.host):
        _give_up(environment, "--host is missing: pass the URL of a running armful")
        return
    environment.host = (environment.host or Client.host).rstrip("/")
    Client.host = environment.host
    try:
        if isinstance(environment.runner, WorkerRunner):
            _find_experiment(environment)
        else:
            _prepare(environment)
    except (RuntimeError, requests.RequestException) as error:
        _give_up(environment, str(error))


@events.test_stop.add_listener
def clear_away(environment: Environment, **_: Any) -> None:
    """Stop the experiment and archive the variants."""
    if not prepared or environment.parsed_options.keep or isinstance(environment.runner, WorkerRunner):
        return
    _ask(environment, "POST", f"/experiments/{prepared['experiment_id']}/stop", {}, 409)
    for name in VARIANTS:
        _ask(environment, "DELETE", f"/variants/{name}")


def _prepare(environment: Environment) -> None:
    """Create or reactivate the variants, and start an experiment with five of them."""
    variants = [
        {"variant_id": name, "dimensions": OURS | {"tone": TONES[number % len(TONES)]}}
        for number, name in enumerate(VARIANTS)
    ]
    _ask(environment, "POST", "/variants", {"variants": variants}, 409)
    archived = _ask(environment, "GET", "/variants?load_test=locust&status=archived")["variants"]
    for variant in archived:
        _ask(environment, "PATCH", f"/variants/{variant['variant_id']}", {"status": "active"})
    others = _ask(environment, "GET", "/variants?limit=1")["total_count"] - len(VARIANTS)
    if others > 0:
        print(
            f"The service has {others:,} other variants. Clients that select among all get those of the load test too."
        )
    experiment = {
        "experiment_name": f"{_NAME} {uuid4()}",
        "variant_ids": VARIANTS[:5],
        "traffic_allocation": [0.2] * 5,
        "target_persona": "persona_0",
        "success_metrics": ["engagement_rate"],
        "duration_days": 1,
    }
    prepared["experiment_id"] = _ask(environment, "POST", "/experiments/start", experiment)["experiment_id"]


def _find_experiment(environment: Environment) -> None:
    """Find the experiment that the master has started."""
    for experiment in _ask(environment, "GET", "/experiments")["experiments"]:
        if experiment["experiment_name"].startswith(_NAME) and experiment["status"] == "active":
            prepared["experiment_id"] = experiment["experiment_id"]


def _ask(environment: Environment, method: str, path: str, body: Any = None, *also: int) -> Any:
    headers = {"Authorization": f"Bearer {environment.parsed_options.api_key}"}
    answer = requests.request(method, f"{environment.host}{path}", json=body, headers=headers, timeout=30)
    if not answer.ok and answer.status_code not in also:
        raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
    return answer.json() if answer.content else None


def _give_up(environment: Environment, why: str) -> None:
    print(f"The load test cannot start: {why}", file=sys.stderr)
    runner = environment.runner
    if runner is not None and not isinstance(runner, WorkerRunner):
        # After the start of the test, which follows this callback.
        gevent.spawn_later(0.1, runner.quit if environment.parsed_options.headless else runner.stop)


@events.quitting.add_listener
def judge(environment: Environment, **_: Any) -> None:
    """Print whether each kind of request stayed within its limit, and set the exit status."""
    if isinstance(environment.runner, WorkerRunner):
        return
    options = environment.parsed_options
    held = True
    figures = []
    print(f"\n{'':34} {'requests':>9} {'p50 ms':>7} {'p95 ms':>7} {'limit':>6}")
    for name, kind in KINDS.items():
        entry = environment.stats.get(kind.name, kind.method)
        if not entry.num_requests:
            continue
        p50, p95 = (entry.get_response_time_percentile(share) for share in (0.5, 0.95))
        limit = getattr(options, f"limit_{name}")
        within = p95 <= limit
        held = held and within
        what = f"{kind.method} {kind.name}"
        figures.append(
            {
                "what": what,
                "requests": entry.num_requests,
                "p50_ms": p50,
                "p95_ms": p95,
                "p99_ms": entry.get_response_time_percentile(0.99),
                "limit_ms": limit,
            }
        )
        print(f"{what:34} {entry.num_requests:9,} {p50:7} {p95:7} {limit:6g} {'' if within else 'EXCEEDED'}")
    if options.figures:
        Path(options.figures).write_text(json.dumps(figures))
    total = environment.stats.total
    print(f"{total.num_requests:,} requests, {total.num_failures:,} failed")
    if not prepared or not total.num_requests or total.fail_ratio > options.max_failures:
        held = False
    environment.process_exit_code = 0 if held else 1
