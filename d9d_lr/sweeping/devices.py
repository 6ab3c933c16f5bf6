"""One GPU for each worker of a machine with several, by `CUDA_VISIBLE_DEVICES`."""

from __future__ import annotations

import fcntl
import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"
"""What CUDA reads once in the life of a process, when it starts."""

_DRIVER = Path("/proc/driver/nvidia/gpus")


class _Held:
    """The lock on the GPU of this process; it goes with the process, however that ends."""

    handle: int | None = None


def gpus_here(environ: Mapping[str, str] = os.environ, driver: Path = _DRIVER) -> tuple[str, ...]:
    """Returns the GPUs that this process may use, as `CUDA_VISIBLE_DEVICES` names them, without starting CUDA.

    Args:
        environ: The environment, which may name them.
        driver: Where the driver lists those that there are.
    """
    if VISIBLE in environ:
        return tuple(name for each in environ[VISIBLE].split(",") if (name := each.strip()))
    return tuple(str(number) for number, _ in enumerate(driver.iterdir())) if driver.is_dir() else ()


def take_gpu(gpus: Sequence[str], folder: Path) -> None:
    """Makes one of several GPUs the only one that this process sees: one that no other worker has, if there is one.

    CUDA does not change the GPU of a process that it runs in, so a worker keeps what it took for all of its jobs. Where
    there are more workers than GPUs, each has as many of them as the others, or one more.

    Args:
        gpus: The GPUs; fewer than two leave nothing to choose.
        folder: Where workers lock what they take.
    """
    if len(gpus) < 2 or _Held.handle is not None:
        return
    places = ((turn, number) for turn in itertools.count() for number in range(len(gpus)))
    for turn, number in places:
        handle = os.open(folder / f"gpu-{number}-{turn}", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            continue
        _Held.handle = handle
        os.environ[VISIBLE] = gpus[number]
        return
