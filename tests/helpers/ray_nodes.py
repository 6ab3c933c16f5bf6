"""A Ray cluster of two nodes on this machine, for as long as a test needs it.

The nodes are this process's children, on free ports, in a folder of their own, and end with it, however it ends.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from helpers.daemons import ending

READY_SECONDS = 90
CORES_OF_A_NODE = 1
ENVIRONMENT = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"}
_SMALL = (f"--num-cpus={CORES_OF_A_NODE}", "--object-store-memory=78643200", "--disable-usage-stats")


@contextmanager
def two_nodes(folder: Path) -> Iterator[str]:
    """Runs a cluster of two nodes; yields its address.

    Args:
        folder: An empty folder, whose path must be short enough for a socket.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    head = ("--head", f"--port={port}", f"--temp-dir={folder}", "--include-dashboard=false")
    with ExitStack() as nodes:
        nodes.enter_context(_node(folder / "head.log", *head))
        nodes.enter_context(_node(folder / "worker.log", f"--address={address}"))
        yield address


def workers() -> list[int]:
    """Returns the processes in which the nodes run jobs, or ran some and are kept."""
    parents, jobs = {}, []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if b"_run_job" in (process / "cmdline").read_bytes():
                jobs.append(int(process.name))
    return [job for job in jobs if os.getpid() in _above(job, parents)]


def _above(process: int, parents: dict[int, int]) -> Iterator[int]:
    while process in parents:
        yield (process := parents[process])


@contextmanager
def _node(log: Path, *arguments: str) -> Iterator[None]:
    """Runs a node that ends with the block, with all that it started."""
    command = ["-m", "ray.scripts.scripts", "start", "--block", *_SMALL, *arguments]
    with log.open("w") as output:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", sys.executable, *command],
            stdout=output,
            stderr=output,
            env=os.environ | ENVIRONMENT,
            start_new_session=True,
        )
    with ending(process, lambda: os.killpg(process.pid, signal.SIGKILL)):
        deadline = time.monotonic() + READY_SECONDS
        while "Ray runtime started" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield
