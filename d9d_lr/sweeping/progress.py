"""How far a sweep is: k of n points, the time left, the best so far. Said while it runs, from what its folders hold."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from d9d_lr.comparing.folding import Setting
from d9d_lr.comparing.names import short_keys
from d9d_lr.comparing.words import measured
from d9d_lr.diagnostics.visible import visible
from d9d_lr.runs.folders import RunFolder
from d9d_lr.sweeping.summary import read_summary
from d9d_lr.sweeping.watch import polled

_SILENT_SECONDS = 5.0


@contextmanager
def reported_progress(sweep_folder: Path, folders: Sequence[str]) -> Iterator[None]:
    """Writes a line to standard error when points of a start have ended, at most every few seconds."""
    said, began = 0, monotonic()
    at = began
    before = {name: _stamp(sweep_folder / name) for name in folders}

    def look() -> None:
        nonlocal said, at
        done = sum(_stamp(sweep_folder / name) != stamp for name, stamp in before.items())
        if said < done < len(before) and monotonic() - at >= _SILENT_SECONDS:
            said, at = done, monotonic()
            sys.stderr.write(f"{progress_line(sweep_folder, done, len(before), at - began)}\n")
            sys.stderr.flush()

    with polled(look, "reported_progress"):
        yield


def progress_line(sweep_folder: Path, done: int, count: int, seconds: float) -> str:
    """Returns "12 of 36 points, about 4 min left; best so far: lr=wsd: 1.53 ± 0.04 (3 seeds)"."""
    left = f"{done} of {count} points, about {_duration(seconds / done * (count - done))} left"
    settings = read_summary(sweep_folder).settings
    if not settings or settings[0].mean is None:
        return left
    return f"{left}; best so far: {_told(settings[0])}"


def _told(setting: Setting) -> str:
    short = short_keys(list(setting.values))
    label = ", ".join(f"{short[key]}={value}" for key, value in setting.values.items())
    seeds = f"{setting.count} seeds" if setting.count > 1 else "1 run"
    return visible(f"{label}: {measured(setting.mean, setting.deviation)} ({seeds})".removeprefix(": "))


def _stamp(folder: Path) -> int:
    """Tells one result from another; 0 where there is none."""
    try:
        return RunFolder(folder).result.stat().st_mtime_ns
    except OSError:
        return 0


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
