"""What is known of user-defined parts before they run: what a provider multiplies by, and what resumes exactly.

Nobody can see in code what it does from step to step, so it says so itself: a provider by `schedule(total_steps)`, a
task or an optimizer by `resumes_exactly = True`.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from d9d_lr.composing.targets import TargetConfig, call, find
from d9d_lr.diagnostics.visible import in_one_line
from d9d_lr.training.settings import Settings

Values = Callable[[ArrayLike], NDArray[np.float64]]

PROMISE = "resumes_exactly"
"""The attribute by which a task or an optimizer says that a run which goes on from a checkpoint is the same run.

A task then keeps nothing from one step to the next, and draws from what it is given and torch's generators alone; an
optimizer has everything that it keeps in its `state_dict`.
"""


def multipliers_of(lr: TargetConfig, total_steps: int) -> tuple[Values | None, str]:
    """Returns what a provider multiplies the learning rate by, by step; and why that is not known, if it is not."""
    kind = find(lr.target, "lr")
    if not (isinstance(kind, type) and callable(getattr(kind, "schedule", None))):
        return None, f"{lr.target} has no method schedule(total_steps)"
    try:
        schedule = call(lr).schedule(total_steps)
        if schedule is None:
            return None, f"schedule(total_steps) of {lr.target} gives none"
        values = np.array(schedule.multipliers(np.arange(total_steps)), dtype=np.float64)
        if values.shape != (total_steps,):
            return None, f"schedule({total_steps}) of {lr.target} gives multipliers of shape {values.shape}"
    except Exception as error:  # code of the user's own; what it cannot say here, its job may still do
        return None, f"schedule(total_steps) of {lr.target} ended in an error: {in_one_line(error)}"
    return (lambda steps: values[np.asarray(steps)]), ""


def unpromised(settings: Settings) -> str:
    """Returns why a run's task or optimizer keeps others from going on from its checkpoints; empty if nothing does."""
    own = [part.target for part in (settings.task, settings.optimizer) if isinstance(part, TargetConfig)]
    for target in own:
        if not _is_torchs(target) and getattr(find(target, ""), PROMISE, None) is not True:
            return f"{target} does not say {PROMISE} = True"
    return ""


def codes_of(settings: Settings) -> list[str]:
    """Returns a hash of each file that has a user-defined part: what its code was, as far as one file tells."""
    parts = (settings.lr, settings.task, settings.optimizer)
    targets = [name for part in parts if isinstance(part, TargetConfig) for name in _targets(part)]
    return [f"{name}: {_code(name)}" for name in targets if not _is_torchs(name)]


def _targets(part: TargetConfig) -> Iterator[str]:
    """Yields the dotted paths in a part, those nested in its arguments included."""
    yield part.target
    waiting: list[Any] = [part.arguments]
    while waiting:
        match waiting.pop():
            case Mapping() as mapping:
                nested = mapping.get("_target_")
                yield from [nested] if isinstance(nested, str) else []
                waiting += reversed(list(mapping.values()))
            case list() as items:
                waiting += reversed(items)


def _code(target: str) -> str:
    try:
        file = inspect.getsourcefile(find(target, ""))
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16] if file else ""
    except (TypeError, OSError):  # compiled, or typed in by hand
        return ""


def _is_torchs(target: str) -> bool:
    return target.startswith("torch.")
