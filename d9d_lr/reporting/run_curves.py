"""The curves of a run, thinned to what a picture can show: learning rate, training loss, validation loss."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from d9d_lr.laws.folder_runs import base_lr_of
from d9d_lr.runs.results import OBJECTIVE
from d9d_lr.schedule.piecewise import Schedule

Curve = tuple[tuple[int, ...], tuple[float, ...]]
"""Steps in order, and a value at each."""

_EMPTY: Curve = ((), ())
_AGREE = 1e-9  # relative: rounding, and nothing else
_CORNER = 0.01  # of the highest learning rate: a bend sharper than this is a corner


@dataclass(frozen=True)
class RunCurves:
    """What a run logged, by step. Values that are no number are left out.

    Attributes:
        lr: Learning rate, with the ends of the phases between logged steps; its corners are never thinned away.
        train_loss: Training loss.
        val_loss: Validation loss; never thinned.
    """

    lr: Curve = _EMPTY
    train_loss: Curve = _EMPTY
    val_loss: Curve = _EMPTY


def curves_of(rows: Sequence[Mapping[str, float]], lr: Curve, keep: int) -> RunCurves:
    """Returns the curves of a run's metrics and its learning rate, each of at most about `keep` points."""
    spread = set(evenly_spaced_indices(len(lr[0]), keep))
    return RunCurves(
        _pick(lr, sorted(spread | set(_corners(lr)))),
        thinned(curve(rows, "train_loss"), keep),
        curve(rows, OBJECTIVE),
    )


def curve(rows: Sequence[Mapping[str, float]], name: str) -> Curve:
    """Returns one metric by step, without the lines that lack it or hold no finite number."""
    points = [(int(row["step"]), row[name]) for row in rows if name in row]
    finite = [(step, float(value)) for step, value in points if value is not None and math.isfinite(value)]
    return tuple(step for step, _ in finite), tuple(value for _, value in finite)


def thinned(whole: Curve, keep: int) -> Curve:
    """Returns every n-th point of a curve, and always the first and the last."""
    return _pick(whole, evenly_spaced_indices(len(whole[0]), keep))


def evenly_spaced_indices(count: int, keep: int) -> list[int]:
    """Returns every n-th of `count` indices and the last, at most `keep` + 1 of them."""
    picked = list(range(0, count, max(1, math.ceil(count / keep))))
    return picked if count == 0 or picked[-1] == count - 1 else [*picked, count - 1]


def _corners(lr: Curve) -> list[int]:
    values = np.array(lr[1])
    if len(values) < 3:
        return []
    bends = np.abs(np.diff(values, 2)) > _CORNER * np.abs(values).max()
    at = np.flatnonzero(bends) + 1
    return sorted({*(at - 1).tolist(), *at.tolist(), *(at + 1).tolist()})


def _pick(whole: Curve, indices: Iterable[int]) -> Curve:
    chosen = list(indices)
    return tuple(whole[0][index] for index in chosen), tuple(whole[1][index] for index in chosen)


def with_phase_ends(logged: Curve, schedule: Schedule | None) -> Curve:
    """Adds the ends of the phases to a logged learning rate, so that its line turns where the schedule does.

    A run that logs every 10 steps shows a warmup of 5 steps as one of 10. Nothing is added where the schedule does not
    give every logged value, as after a schedule that changed on the way.

    Args:
        logged: The learning rate as it was logged.
        schedule: What the run followed; None if that is unknown.
    """
    steps, values = np.array(logged[0], dtype=np.int64), np.array(logged[1])
    if schedule is None or len(steps) == 0:
        return logged
    base = base_lr_of(schedule, steps, values)
    if base is None or not np.allclose(schedule.multipliers(steps) * base, values, rtol=_AGREE, atol=0):
        return logged
    missing = _turns(schedule) - set(logged[0])
    added = np.array(sorted(step for step in missing if steps[0] < step < steps[-1]), dtype=np.int64)
    where = np.searchsorted(steps, added)
    whole = np.insert(values, where, schedule.multipliers(added) * base)
    return tuple(np.insert(steps, where, added).tolist()), tuple(whole.tolist())


def _turns(schedule: Schedule) -> set[int]:
    """Returns where each phase ends, and the step before a jump, so that it stays upright."""
    phases = schedule.phases
    jumps = {phase.end_step - 1 for phase in phases if phase.start_step == phase.end_step}
    return jumps | {phase.end_step for phase in phases}
