"""The scheduled hyperparameters of an optimizer beside the learning rate: in each param group, base times multiplier.

A value that is a tensor is written in place, as a learning rate is. The base of a group is what it had when the
scheduler first saw it, and stands beside the value as `initial_weight_decay`, as torch keeps `initial_lr`, so that an
optimizer's state that is loaded first does not make a scheduled value the base.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from d9d_lr.config.scheduler_fields import SCHEDULES
from d9d_lr.config.schedules import GROUPS, split_name
from d9d_lr.diagnostics.problems import ConfigError, Problem, did_you_mean
from d9d_lr.schedule.limits import limit_problems
from d9d_lr.schedule.piecewise import Schedule

Groups = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Hyperparameter:
    """A value of a param group.

    Attributes:
        name: What it is called in a configuration: `weight_decay`, or `betas.1` for an item of a tuple.
    """

    name: str

    @property
    def key(self) -> str:
        """Its key in a param group."""
        return self.name.partition(".")[0]

    @property
    def base_key(self) -> str:
        """The key of its base in a param group."""
        return f"initial_{self.name.replace('.', '_')}"

    @property
    def _index(self) -> int | None:
        index = self.name.partition(".")[2]
        return int(index) if index.isdecimal() else None

    def read(self, group: Mapping[str, Any]) -> Any:
        """Returns its value; None where the group has none."""
        value = group.get(self.key)
        if self._index is None:
            return None if isinstance(value, tuple | list) else value
        return value[self._index] if isinstance(value, tuple | list) and self._index < len(value) else None

    def write(self, group: dict[str, Any], value: float) -> None:
        """Sets its value; a tensor in place."""
        held = self.read(group)
        if isinstance(held, Tensor):
            held.fill_(value)
        else:
            self._replace(group, value)

    def own_tensor(self, group: dict[str, Any]) -> None:
        """Gives the group a tensor of its own, where the optimizer's default is one that groups to come will share."""
        held = self.read(group)
        if isinstance(held, Tensor):
            self._replace(group, held.clone())

    def _replace(self, group: dict[str, Any], value: float | Tensor) -> None:
        if self._index is None:
            group[self.key] = value
            return
        items = list(group[self.key])
        items[self._index] = value
        group[self.key] = tuple(items)


@dataclass
class Hyperparameters:
    """Which hyperparameters are scheduled, and the base of each in every param group.

    Attributes:
        schedules: By name, as in a configuration: for all groups, `weight_decay`, or one, `groups.NAME.weight_decay`.
        bases: For each hyperparameter, the base of every group; None where the group has no schedule for it.
    """

    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    bases: dict[str, list[float | None]] = field(default_factory=dict)

    def serve(self, groups: Groups) -> None:
        """Takes up the groups that are new.

        Raises:
            ConfigError: If a value is no number that can be scheduled, or becomes one that it cannot have.
        """
        problems = []
        for name in self._names():
            hyperparameter, bases = Hyperparameter(name), self.bases.setdefault(name, [])
            for group in groups[len(bases) :]:
                schedule = self.schedule_of(name, group)
                value = None if schedule is None else group.get(hyperparameter.base_key, hyperparameter.read(group))
                if schedule is None or value is None:
                    bases.append(None)
                    continue
                problem = _problem(name, schedule, value)
                problems += [problem] if problem else []
                bases.append(None if problem else float(value))
                if not problem:
                    group.setdefault(hyperparameter.base_key, float(value))
                    hyperparameter.own_tensor(group)
        if problems:
            raise ConfigError(problem.below(SCHEDULES) for problem in dict.fromkeys(problems))

    def check_served(self, groups: Groups) -> None:
        """Refuses a schedule that nothing in the optimizer follows.

        Raises:
            ConfigError: With each hyperparameter that no group has, or that is 0, and each group that is not there.
        """
        problems = []
        names = [str(group["name"]) for group in groups if "name" in group]
        for whole in self.schedules:
            group, name = split_name(whole)
            if group is not None and group not in names:
                named = f"there are {', '.join(names)}" if names else "no group has a name"
                message = f"there is no param group {group!r}; {named}"
                problems.append(Problem(f"{GROUPS}.{group}", message, did_you_mean(group, names)))
                continue
            followed = [one for one in groups if group is None or one.get("name") == group]
            if name != "lr" and (problem := _unserved(Hyperparameter(name), followed)):
                problems.append(Problem(whole, *problem))
        if problems:
            raise ConfigError(problem.below(SCHEDULES) for problem in dict.fromkeys(problems))

    def write(self, groups: Groups, step: int) -> None:
        """Sets the values of a step in every group that was taken up."""
        for name, bases in self.bases.items():
            hyperparameter = Hyperparameter(name)
            for group, base in zip(groups, bases, strict=False):
                schedule = self.schedule_of(name, group)
                if base is not None and schedule is not None:
                    hyperparameter.write(group, base * schedule.multiplier(step))

    def write_bases(self, groups: Groups) -> None:
        """Puts the bases beside the values, as they stand in a state that was loaded."""
        for name, bases in self.bases.items():
            for group, base in zip(groups, bases, strict=False):
                if base is not None:
                    group[Hyperparameter(name).base_key] = base

    def reset(self, groups: Groups) -> None:
        """Gives every group its bases back, where its hyperparameters are to be scheduled no more."""
        for name, bases in self.bases.items():
            for group, base in zip(groups, bases, strict=False):
                if base is not None:
                    Hyperparameter(name).write(group, base)
                    group.pop(Hyperparameter(name).base_key, None)

    def schedule_of(self, name: str, group: Mapping[str, Any]) -> Schedule | None:
        """Returns the schedule that a group follows for a hyperparameter: its own, or the one for all of them."""
        own = self.schedules.get(f"{GROUPS}.{group['name']}.{name}") if "name" in group else None
        return own or self.schedules.get(name)

    def values(self, groups: Groups) -> dict[str, float]:
        """Returns what each schedule makes of its hyperparameter now, in the first group that follows it."""
        found: dict[str, float] = {}
        for whole in self.schedules:
            name = split_name(whole)[1]
            for group in groups:
                value = Hyperparameter(name).read(group)
                if value is not None and self.schedule_of(name, group) is self.schedules[whole]:
                    found[whole] = float(value)
                    break
        return found

    @property
    def groups_have_own_lr(self) -> bool:
        """Whether some param group has a learning-rate schedule to itself."""
        return any(split_name(whole)[1] == "lr" for whole in self.schedules)

    def _names(self) -> Iterator[str]:
        names = (split_name(whole)[1] for whole in self.schedules)
        return (name for name in dict.fromkeys(names) if name != "lr")


def _problem(name: str, schedule: Schedule, value: Any) -> Problem | None:
    whole = isinstance(value, Tensor) and not value.is_floating_point()
    if isinstance(value, bool | str) or whole or not isinstance(value, int | float | Tensor):
        return Problem(name, f"{value!r} in the optimizer is no number that can be scheduled")
    return next((problem.below(name) for problem in limit_problems(name, schedule, float(value))), None)


def _unserved(hyperparameter: Hyperparameter, groups: Groups) -> tuple[str, str] | None:
    """Returns a message and a hint where no group has a value that a schedule changes."""
    values = [hyperparameter.read(group) for group in groups]
    if all(value is None for value in values):
        there = list(dict.fromkeys(name for group in groups for name in _schedulable(group)))
        message = f"the optimizer has no hyperparameter {hyperparameter.name!r}; there are {', '.join(there)}"
        return message, did_you_mean(hyperparameter.name, there)
    bases = [group.get(hyperparameter.base_key, value) for group, value in zip(groups, values, strict=True)]
    if all(base is None or (isinstance(base, int | float) and base == 0) for base in bases):
        return "it is 0 in the optimizer, and a schedule multiplies it", "give the optimizer a value above 0"
    return None


def _schedulable(group: Mapping[str, Any]) -> Iterator[str]:
    for key, value in group.items():
        if key in ("params", "lr") or key.startswith("initial_") or isinstance(value, bool):
            continue
        if isinstance(value, int | float | Tensor):
            yield key
        elif isinstance(value, tuple) and value and all(isinstance(item, int | float | Tensor) for item in value):
            yield from (f"{key}.{index}" for index in range(len(value)))
