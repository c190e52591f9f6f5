"""Users that behave like clients: they ask what to show, show it, and report; now and then they look at figures.

Fails (exit status 1) where a kind of request breaks its limit at the 95th percentile or any request fails.

    locust -f loadtests/locustfile.py --host http://127.0.0.1:8000 --api-key KEY
"""

import random
from typing import Any

from locust import FastHttpUser, between, events, task

LIMITS = {"select": 100, "update": 50, "stats": 200, "list": 500, "results": 500}
"""Milliseconds at the 95th percentile, by kind of request."""


@events.init_command_line_parser.add_listener
def add_options(parser: Any) -> None:
    group = parser.add_argument_group("armful")
    group.add_argument("--api-key", env_var="ARMFUL_API_KEY", default="", help="a key with every scope")
    group.add_argument("--think-from", type=float, default=0.5, help="least seconds between a user's actions")
    group.add_argument("--think-to", type=float, default=2.0, help="most seconds between a user's actions")
    group.add_argument("--conversion", type=float, default=0.1, help="how often what is shown succeeds")
    group.add_argument("--stats-weight", type=int, default=2, help="looks at a variant, per 100 selections")
    group.add_argument("--list-weight", type=int, default=1, help="listings, per 100 selections")
    group.add_argument("--results-weight", type=int, default=1, help="looks at results, per 100 selections")


@events.quitting.add_listener
def judge(environment: Any, **_: Any) -> None:
    broken = []
    for entry in environment.stats.entries.values():
        slowest = entry.get_response_time_percentile(0.95) or 0
        limit = LIMITS.get(entry.name, 1000)
        verdict = "within" if slowest <= limit and not entry.num_failures else "BREAKS"
        print(f"{entry.name:8} p95 {slowest:6.0f} ms, {entry.num_failures} failures: {verdict} {limit} ms")
        if verdict == "BREAKS":
            broken.append(entry.name)
    environment.process_exit_code = 1 if broken or not environment.stats.total.num_requests else 0


class Client(FastHttpUser):
    """One client application."""

    def wait_time(self) -> float:
        options = self.environment.parsed_options
        return float(between(options.think_from, options.think_to)(self))

    def __init__(self, environment: Any) -> None:
        self.default_headers = {"Authorization": f"Bearer {environment.parsed_options.api_key}"}
        super().__init__(environment)

    def on_start(self) -> None:
        self.persona = random.choice(["developer", "founder", "marketer"])
        experiments = self.client.get("/experiments", name="list").json()["experiments"]
        self.experiments = [experiment["experiment_id"] for experiment in experiments]

    @task
    def use(self) -> None:
        options = self.environment.parsed_options
        chance = random.random() * 100
        if chance < options.list_weight:
            self.client.get("/variants?limit=100", name="list")
        elif chance < options.list_weight + options.results_weight and self.experiments:
            self.client.get(f"/experiments/{random.choice(self.experiments)}/results", name="results")
        self.show(options)

    def show(self, options: Any) -> None:
        answer = self.client.post(
            "/variants/select",
            json={"top_k": 3, "algorithm": "thompson_sampling_exploration", "persona_id": self.persona},
            name="select",
        ).json()
        selection = answer["selection_id"]
        for variant in answer["selected_variants"]:
            path = f"/variants/{variant['variant_id']}"
            shown = {
                "impression": True,
                "success": False,
                "selection_id": selection,
                "persona_id": self.persona,
            }
            self.client.post(f"{path}/performance", json=shown, name="update")
            if random.random() < options.conversion:
                self.client.post(
                    f"{path}/performance", json={**shown, "impression": False, "success": True}, name="update"
                )
            if random.random() * 300 < options.stats_weight:
                self.client.get(f"{path}/stats", name="stats")
