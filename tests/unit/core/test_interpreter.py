"""Long calls let other threads run and can be interrupted; forked children draw afresh; draws per seed are pinned."""

import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from armful import core

LONG_CALLS = {
    "sample_beta": "core.sample_beta(np.full(2_000_000, 5.0), np.full(2_000_000, 7.0))",
    "select_top_k": "core.select_top_k(np.full(3_000_000, 1.0), np.full(3_000_000, 1.0), 1_000_000)",
    "select_top_k_many": "core.select_top_k_many(np.full(100, 5.0), np.full(100, 7.0), 50, 30_000)",
    "simulate": "core.simulate([0.1, 0.2], 'thompson', 200_000, 4)",
    "probability_best": "core.probability_best(np.linspace(50, 60, 1500), np.full(1500, 500.0))",
    "inclusion_probability": "core.inclusion_probability(np.full(100, 5.0), np.full(100, 7.0), 50, 30_000)",
}


@pytest.mark.parametrize("call", LONG_CALLS.values(), ids=LONG_CALLS.keys())
def test_other_threads_progress_meanwhile(call):
    """Holding the GIL throughout, the call would let the other thread count at its start and end only."""
    counted = 0
    began, done = threading.Event(), threading.Event()

    def count():
        nonlocal counted
        began.set()
        while not done.wait(0.0005):
            counted += 1

    thread = threading.Thread(target=count)
    thread.start()
    began.wait()
    before = counted
    eval(call, {"core": core, "np": np})
    during = counted - before
    done.set()
    thread.join()
    assert during >= 5


# Half of 20 million places: every arm is drawn, which takes seconds.
HUGE = "np.full(20_000_000, 0.5), np.full(20_000_000, 0.5)"
ENDLESS = {
    "sample_beta": f"core.sample_beta({HUGE})",
    "select_top_k": f"core.select_top_k({HUGE}, 10_000_000)",
    "expected_loss": "core.expected_loss(np.linspace(50, 60, 200_000), np.full(200_000, 500.0))",
    "select_top_k_many": "core.select_top_k_many(np.full(100, 5.0), np.full(100, 7.0), 1, 10**8)",
    "simulate": "core.simulate([0.1, 0.2], 'thompson', 10**12, 4)",
    "probability_best": "core.probability_best(np.linspace(50, 60, 200_000), np.full(200_000, 500.0))",
    "inclusion_probability": "core.inclusion_probability([5.0, 6.0], [7.0, 7.0], 1, 10**12)",
}


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
@pytest.mark.parametrize("call", ENDLESS.values(), ids=ENDLESS.keys())
def test_ctrl_c_ends_it(call):
    program = f"import numpy as np\nfrom armful import core\nprint('begun', flush=True)\n{call}"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.5)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert errors.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_child_draws_afresh():
    program = (
        "import os\nfrom armful import core\n"
        "draw = lambda: float(core.sample_beta([1.0], [1.0])[0])\n"
        "draw()\nread, write = os.pipe()\n"
        "if os.fork() == 0:\n    os.write(write, repr(draw()).encode())\n    os._exit(0)\n"
        "os.wait()\nprint(draw() != float(os.read(read, 100)))"
    )
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert outcome.stdout == "True\n", outcome.stderr


def test_draws_per_seed_are_pinned():
    """A change that moves these is to be named in the changelog."""
    alpha, beta = np.array([0.5, 1.0, 3.0, 121.0, 1e6]), np.array([0.5, 1.0, 1.0, 881.0, 2e6])
    assert core.sample_beta(alpha, beta, seed=42) == pytest.approx(PINNED_DRAWS, rel=1e-12)
    many = np.arange(1.0, 301.0)
    assert core.select_top_k(many, many[::-1].copy(), 5, seed=42).tolist() == PINNED_CHOICE
    table = core.ArmTable()
    whole = np.arange(300)
    table.upsert([str(i) for i in whole], many, 20 * many[::-1], whole, whole + 1)
    slots, scores = table.select(3, seed=42, min_impressions=150, exploration_ratio=0.5)
    assert slots.tolist() == PINNED_SLOTS
    assert scores == pytest.approx(PINNED_SCORES, rel=1e-12)
    _, regret, _ = core.simulate([0.1, 0.3], "thompson", 500, 3, seed=42)
    assert regret[:, -1] == pytest.approx(PINNED_REGRET)


PINNED_DRAWS = [
    0.12246364136376217,
    0.15508820539508783,
    0.5472539586480146,
    0.14402724615948187,
    0.3335870833393525,
]
PINNED_CHOICE = [299, 293, 296, 297, 298]
PINNED_SLOTS = [299, 298, 149]
PINNED_SCORES = [0.9302738871455015, 0.8775619367322991, 0.05565501101839712]
PINNED_REGRET = [11.0, 6.2, 6.2]
