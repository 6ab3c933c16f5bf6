"""A SLURM of one node on this machine, made of the distribution's packages, for as long as a test needs it.

Nothing of a SLURM that the machine has is touched: configuration, state, key and sockets lie in a folder of their own,
and the daemons are this process's children, on free ports, and end with it, however it ends.
"""

import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from helpers.daemons import ending

PACKAGES = {"munged": "munge", "slurmctld": "slurmctld", "slurmd": "slurmd", "sbatch": "slurm-client"}
READY_SECONDS = 60
CPUS = 2
_PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"

_CONFIGURATION = """
ClusterName=d9d
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=sweeps Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str | None:
    """Returns a sentence that says what to install; None if everything is there."""
    absent = sorted({package for program, package in PACKAGES.items() if not _program(program)})
    if not absent:
        return None
    return f"there is no {', '.join(absent)} here; as root: apt-get update && apt-get install -y slurm-wlm munge"


@contextmanager
def slurm_node(folder: Path) -> Iterator[dict[str, str]]:
    """Runs a SLURM of one node; yields the environment that its commands need.

    Args:
        folder: An empty folder, whose path must be short enough for a socket.
    """
    environ = {"SLURM_CONF": str(folder / "slurm.conf")}
    _configure(folder)
    with ExitStack() as daemons:
        daemons.enter_context(_terminated_like_ctrl_c())
        for name, arguments in _daemons(folder).items():
            daemons.enter_context(_daemon(name, arguments, folder, environ))
        _wait_until_idle(folder, environ)
        daemons.callback(_cancel_all, environ)
        yield environ


def queue(environ: dict[str, str]) -> list[str]:
    """Returns the jobs that wait or run."""
    return _said(["squeue", "--noheader", "--format=%i %T"], environ).splitlines()


def cancel(job: str, environ: dict[str, str]) -> None:
    """Cancels a job."""
    _said(["scancel", job], environ)


def _cancel_all(environ: dict[str, str]) -> None:
    """Cancels what a failed test left, for jobs outlive the daemons."""
    while left := queue(environ):
        _said(["scancel", "--signal=KILL", *(line.split()[0] for line in left)], environ)
        time.sleep(1)


@contextmanager
def _terminated_like_ctrl_c() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _configure(folder: Path) -> None:
    folder.chmod(0o755)  # munged refuses a socket in a place that others may write to
    for name in ("state", "spool", "munge"):
        (folder / name).mkdir(mode=0o700)
    key = folder / "munge" / "key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o600)
    with _free_port() as controller_port, _free_port() as node_port:
        text = _CONFIGURATION.format(
            host=socket.gethostname().split(".")[0],
            user=getpass.getuser(),
            folder=folder,
            controller_port=controller_port,
            node_port=node_port,
            cpus=CPUS,
        )
    (folder / "slurm.conf").write_text(text)


@contextmanager
def _free_port() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield free.getsockname()[1]


def _daemons(folder: Path) -> dict[str, list[str]]:
    munge = folder / "munge"
    files = {"key-file": "key", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    return {
        "munged": [
            "--force",
            "--foreground",
            f"--socket={folder}/munge.socket",
            *(f"--{option}={munge / name}" for option, name in files.items()),
        ],
        "slurmctld": ["-D"],
        "slurmd": ["-D"],
    }


@contextmanager
def _daemon(name: str, arguments: list[str], folder: Path, environ: dict[str, str]) -> Iterator[None]:
    """Runs a daemon that ends with the block, by SIGKILL if need be."""
    program = _program(name)
    assert program, missing()
    ends_with_this = ["setpriv", "--pdeathsig", "TERM"]
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            [*ends_with_this, program, *arguments], stdout=log, stderr=log, env=os.environ | environ
        )
    with ending(process, process.kill):
        yield


def _wait_until_idle(folder: Path, environ: dict[str, str]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while _said(["sinfo", "--noheader", "--format=%T"], environ).strip() != "idle":
        logs = "\n".join(f"{log.name}: {log.read_text()[-600:]}" for log in sorted(folder.glob("*.log")))
        assert time.monotonic() < deadline, f"no idle node after {READY_SECONDS} s\n{logs}"
        time.sleep(0.5)


def _said(command: list[str], environ: dict[str, str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | environ, check=False).stdout


def _program(name: str) -> str | None:
    return shutil.which(name, path=_PATH)
