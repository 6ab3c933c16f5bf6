"""Going on from a saved state: what it says, in what it differs from the schedule of today, and what to do then.

The state is flat and plain, with the schedule as one string, so that any loader reads it and none that goes key by key
(torch.distributed.checkpoint) misses one when a curve gains a field.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.provider.resuming_others import SavedOthers, of_groups
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.values import differences, from_plain, to_plain

OnScheduleChange = Literal["error", "adopt", "keep"]
"""What to do where a state was saved under another schedule: refuse it, take the new one, or go on with the old."""

HINT = 'on_schedule_change="adopt" takes the new one, ="keep" goes on with the old one; the provider is given it'
_FOREIGN = "it is of another kind of scheduler, whose schedule is not known"
FOREIGN_HINT = 'on_schedule_change="adopt" takes this schedule at that step; the provider is given it'


@dataclass(frozen=True)
class SavedState:
    """What a saved state says.

    Attributes:
        step: The step that it goes on at.
        base_lrs: Base learning rates, one for each group; None where the state has none.
        last_lrs: Learning rates of `step`, one for each group; None where the state has none.
        schedule: The schedule, as `to_plain` gives it; None in a state of another kind, such as torch's LambdaLR.
        others: The schedules of other hyperparameters.
    """

    step: int
    base_lrs: list[float] | None
    last_lrs: list[float] | None
    schedule: dict[str, Any] | None
    others: SavedOthers = field(default_factory=SavedOthers)

    @classmethod
    def read(cls, state: Mapping[str, Any]) -> SavedState:
        """Reads a state of ours, or of any torch scheduler.

        Raises:
            ConfigError: If it names no step.
        """
        step = state.get("last_epoch")
        if isinstance(step, bool) or not isinstance(step, int) or step < 0:
            raise ConfigError([Problem("last_epoch", f"the saved state has {step}, not a step")])
        base_lrs, last_lrs = _floats(state.get("base_lrs")), _floats(state.get("_last_lr"))
        return cls(step, base_lrs, last_lrs, _parsed(state.get("schedule")), SavedOthers.read(state))

    def rebuilt_schedule(self) -> Schedule:
        """Returns the schedule that the state was saved under.

        Raises:
            ConfigError: If it is not known, or cannot be rebuilt.
        """
        if self.schedule is None:
            message = "the saved state is of another kind of scheduler; its schedule is not known and cannot be kept"
            raise ConfigError([Problem("on_schedule_change", message, FOREIGN_HINT)])
        try:
            return from_plain(self.schedule)
        except ValueError as error:
            raise ConfigError([Problem("on_schedule_change", f"the old schedule cannot be kept: {error}")]) from error


def schedule_text(schedule: Schedule) -> str:
    """Returns the schedule as a line of JSON."""
    return json.dumps(to_plain(schedule), sort_keys=True)


def changes(
    saved: SavedState,
    schedule: Schedule,
    base_lrs: Sequence[float],
    now: Sequence[float] | None = None,
    *,
    others_changed: bool = False,
) -> list[str]:
    """Returns a line for everything in which a schedule differs from a saved one, and the jump; none if nothing does.

    Of a state of another kind of scheduler only the learning rates can be compared.

    Args:
        saved: What was saved.
        schedule: The schedule of today.
        base_lrs: The base learning rates of today, one for each group.
        now: The learning rates that today's schedules give at the saved step, where groups have some to themselves.
        others_changed: Whether something else that is scheduled is another, which may be what a group has to itself.
    """
    now = [base_lr * schedule.multiplier(saved.step) for base_lr in base_lrs] if now is None else now
    if saved.schedule is None:
        lines = [] if _same(saved.last_lrs, now) else [_FOREIGN]
    else:
        lines = differences(saved.schedule, to_plain(schedule))
        if saved.base_lrs is not None and saved.base_lrs != list(base_lrs):
            lines.append(f"base learning rate: {of_groups(saved.base_lrs)} -> {of_groups(base_lrs)}")
        lasts = None if lines or others_changed else saved.last_lrs
        if lasts is not None and not _same(lasts, now[: len(lasts)]):
            lines = [_FOREIGN]  # loaded key by key over a state of ours, which lent it its schedule
    if lines and saved.last_lrs is None:
        lines.append(
            f"at step {saved.step} the learning rate becomes {of_groups(now)}; what it was is not in the state"
        )
    elif lines:
        lines.append(
            f"at step {saved.step} the learning rate goes from {of_groups(saved.last_lrs)} to {of_groups(now)}"
        )
    return lines


def refusal(key: str, saved: SavedState, lines: Sequence[str]) -> ConfigError:
    """Returns the error that tells the changes and how to go on."""
    title = f"the schedule is not the one that the state of step {saved.step} was saved under:"
    hint = FOREIGN_HINT if saved.schedule is None else HINT
    return ConfigError([Problem(key, "\n      ".join([title, *lines]), hint)])


def _parsed(written: Any) -> dict[str, Any] | None:
    """Reads a schedule, written as text or as the mapping of 0.1.0; an absent field of a curve has its default."""
    try:
        plain = json.loads(written) if isinstance(written, str) else written
    except ValueError:
        return None
    if not isinstance(plain, Mapping) or "phases" not in plain:
        return None
    try:
        return to_plain(from_plain(plain))
    except (ValueError, KeyError, TypeError):  # a user-defined curve that is not there any more
        return dict(plain)


def _floats(values: Sequence[Any] | None) -> list[float] | None:
    return None if values is None else [float(value) for value in values]


def _same(saved: Sequence[float] | None, now: Sequence[float]) -> bool:
    """Whether the learning rates are those of one schedule, written in two orders of multiplication at most."""
    pairs = zip(saved, now, strict=False) if saved is not None and len(saved) == len(now) else None
    return pairs is not None and all(math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-12) for a, b in pairs)
