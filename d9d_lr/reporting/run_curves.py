"""The curves of a run, thinned to what a picture can show: learning rate, training loss, validation loss."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from d9d_lr.runs.results import OBJECTIVE

Curve = tuple[tuple[int, ...], tuple[float, ...]]
"""Steps in order, and a value at each."""

_EMPTY: Curve = ((), ())
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
