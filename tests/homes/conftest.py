"""What the tests at home in other frameworks share. Each file runs in an environment of its own: `make test-homes`."""

import gc
import json
import socket
import sys

import pytest

from d9d_lr import build_schedule, compose_lr

STEPS = 1000


@pytest.fixture(autouse=True)
def _no_scheduler_of_another_test():
    """Composer keeps its trainers, and a scheduler that was hardly stepped may be one that takes turns."""
    gc.collect()
    if guard := sys.modules.get("d9d_lr.provider.guard"):
        guard._places.clear()


@pytest.fixture(scope="session")
def lr_config():
    """A schedule with every kind of phase: 100 steps up, hold until 0.8, a cosine to a tenth."""
    return compose_lr(["lr=wsd", "lr/decay@lr.phases.2=cosine"])


@pytest.fixture(scope="session")
def expected(lr_config):
    """base_lr * m(t) for every step of a run of 1 000."""

    def lrs(base_lr, steps=STEPS, total_steps=STEPS):
        schedule = build_schedule(lr_config, total_steps)
        return [base_lr * schedule.multiplier(step) for step in range(steps)]

    return lrs


@pytest.fixture
def port():
    """A free port, for the processes of a test to meet at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


@pytest.fixture
def launch(tmp_path):
    """Runs a function of a test file in several processes with gloo; returns what each of them returns."""
    import torch.multiprocessing as mp

    def run(function, processes, *arguments):
        mp.spawn(_process, (processes, function, str(tmp_path), arguments), nprocs=processes)
        return [json.loads((tmp_path / f"rank{rank}.json").read_text()) for rank in range(processes)]

    return run


def _process(rank, processes, function, folder, arguments):
    import os
    from pathlib import Path

    os.environ |= {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": arguments[-1], "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    import torch

    torch.set_num_threads(1)
    Path(folder, f"rank{rank}.json").write_text(json.dumps(function(*arguments[:-1])))
