"""How good a law is on runs that it has not seen: each is left out in turn, where enough remain."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.laws.fit import fit_alike
from d9d_lr.laws.law import Law, LeftOut
from d9d_lr.laws.loss_curve import LossCurve
from d9d_lr.laws.requirements import check_runs

MOST_RUNS = 12
"""Beyond so many runs, as many spread over them are left out: the time grows with their square."""


def with_left_out(law: Law, curves: Sequence[LossCurve]) -> Law:
    """Returns a law that also knows what leaving each of its runs out gives; unchanged for fewer than three runs."""
    if len(curves) < 3:
        return law
    places = np.unique(np.linspace(0, len(curves) - 1, min(len(curves), MOST_RUNS)).astype(int)).tolist()
    found = (_left_out(law, curves, place) for place in places)
    return dataclasses.replace(law, left_out=tuple(one for one in found if one is not None))


def _left_out(law: Law, curves: Sequence[LossCurve], place: int) -> LeftOut | None:
    others = [curve for index, curve in enumerate(curves) if index != place]
    try:
        check_runs(others)
    except ConfigError:
        return None  # what is left cannot be fitted, and says nothing
    run = law.runs[place]
    predicted = fit_alike(law, others).predict(curves[place].learning_rates).loss
    return LeftOut(run.name, predicted / run.final_loss - 1.0)
