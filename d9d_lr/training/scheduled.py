"""The section `schedules` of the entrypoint: what is scheduled beside the learning rate.

What a schedule is silent about, the rest of the configuration says: values are multiples of the optimizer's own and of
`train.batch_size`, and amounts are counted as the section `lr` counts them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from d9d_lr.composing.targets import TargetConfig, split_target
from d9d_lr.config.batch_sizes import build_batch_sizes
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.positions import positions_of
from d9d_lr.config.resolve_lr import check_mapping, ramp_of, typed_below
from d9d_lr.config.scheduler_fields import BATCH_SIZE, SCHEDULES
from d9d_lr.config.schedules import (
    GROUPS,
    Section,
    batch_sizes_of,
    beside_ramp,
    fit_each,
    resolve_each,
    sections_of,
    split_name,
    unknown_problems,
    with_defaults,
)
from d9d_lr.diagnostics.problems import ConfigError, Problem, did_you_mean, join_key
from d9d_lr.schedule.batch import BatchShares
from d9d_lr.schedule.batch_sizes import BatchSizes
from d9d_lr.schedule.limits import limit_problems
from d9d_lr.schedule.units import UNIT_FIELDS
from d9d_lr.training.optimizers.settings import OptimizerConfig
from d9d_lr.training.settings import TrainConfig

_INHERITED = (*UNIT_FIELDS, "stretch")


@dataclass(frozen=True)
class Written:
    """The section as it is written, with the batch sizes, which every other schedule is counted with.

    Attributes:
        sections: The schedules as they are written, by name.
        batch: The batch size of every step; None where it is not scheduled.
        batch_section: Its validated section, which stands among the others or in the section `lr`.
    """

    sections: Mapping[str, Mapping[str, Any]]
    batch: BatchSizes | None = None
    batch_section: Section | None = None

    @property
    def ramp(self) -> PiecewiseConfig | None:
        """The batch sizes that the section `lr` comes with; None if it comes with none."""
        return None if self.batch_section is None or BATCH_SIZE in self.sections else self.batch_section.config


def read_schedules(section: Mapping[str, Any], lr: Mapping[str, Any], train: TrainConfig | None) -> Written:
    """Reads the section `schedules` and resolves the batch sizes.

    Args:
        section: The section; empty where there is none.
        lr: The section `lr`.
        train: How the run goes; None if that is not valid, so that nothing can be resolved.

    Raises:
        ConfigError: With each name that is none, and every problem of the batch size.
    """
    inherited = {name: lr.get("scheduler", lr).get(name) for name in _INHERITED}
    sections = {name: with_defaults(raw, inherited) for name, raw in sections_of(section).items()}
    found = _batch_section(sections, lr, None if train is None else train.batch_size)
    if found is None or train is None:
        return Written(sections)
    return Written(sections, batch_sizes_of(found, train.total_steps, train.batch_size), found)


def shares_of_any_length(section: Mapping[str, Any], lr: Mapping[str, Any], batch_size: Any) -> BatchShares | None:
    """Returns which share of a full batch each step has, before it is known how many steps there are.

    Returns:
        The shares; None where the batch has one size.

    Raises:
        ConfigError: With every problem, that a size depends on the length of the run included.
    """
    inherited = {name: lr.get("scheduler", lr).get(name) for name in _INHERITED}
    if type(batch_size) is not int or batch_size < 1:
        return None
    sections = {name: with_defaults(raw, inherited) for name, raw in sections_of(section).items()}
    found = _batch_section(sections, lr, batch_size)
    if found is None:
        return None
    scheduler = found.config.scheduler
    bound = [one for one in scheduler.phases if "total_steps" in one.needs() and not one.only_last]
    if bound or (scheduler.stretch and (scheduler.published_tokens or scheduler.published_steps)):
        message = "depends on the length of the run, which is to follow from it"
        raise ConfigError([Problem(found.key, message, "give that as train.total_steps")])
    with typed_below(found.key, found.raw):
        return build_batch_sizes(found.config, None, batch_size, positions=positions_of(found.raw)).shares()


def _batch_section(
    sections: Mapping[str, Mapping[str, Any]], lr: Mapping[str, Any], batch_size: int | None
) -> Section | None:
    """Returns the schedule of the batch size, typed or that of the section `lr`, validated; None if there is none.

    Raises:
        ConfigError: With everything that is wrong with it, or if there are both.
    """
    ramp = ramp_of(lr) if split_target(lr)[0] is None else None
    typed = sections.get(BATCH_SIZE)
    if typed is not None and ramp is not None:
        raise ConfigError([beside_ramp(join_key(SCHEDULES, BATCH_SIZE), join_key("lr", BATCH_SIZE))])
    raw, key = (typed, SCHEDULES) if typed is not None else (ramp, "lr")
    if raw is None:
        return None
    check_mapping(raw, join_key(key, BATCH_SIZE))
    known = {"reference_value": batch_size, "samples_per_step": batch_size}
    return resolve_each({BATCH_SIZE: with_defaults(raw, known)}, key)[BATCH_SIZE]


def resolve_schedules(
    written: Written, train: TrainConfig | None, optimizer: OptimizerConfig | TargetConfig | None
) -> dict[str, PiecewiseConfig]:
    """Returns every schedule of the section by name, validated against the run and the optimizer.

    Raises:
        ConfigError: With every problem of each.
    """
    others = {name: raw for name, raw in written.sections.items() if name != BATCH_SIZE}
    problems = list(_of_optimizer(others, optimizer)) if optimizer is not None else []
    wrong = {problem.key for problem in problems}
    checked = {name: raw for name, raw in others.items() if join_key(SCHEDULES, name) not in wrong}
    found: dict[str, Section] = {}
    bases = {} if optimizer is None else base_values(optimizer)
    try:
        found = resolve_each(
            {name: with_defaults(raw, _references(name, bases, optimizer)) for name, raw in checked.items()}
        )
        if train is not None:
            shares = written.batch.counted_with() if written.batch else None
            problems += _limits(fit_each(found, train.total_steps, shares), bases)
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(problems)
    typed = written.batch_section if BATCH_SIZE in written.sections else None
    batch = {} if typed is None else {BATCH_SIZE: typed}
    return {name: one.config for name, one in (found | batch).items()}


def base_values(optimizer: OptimizerConfig | TargetConfig) -> dict[str, float]:
    """Returns what an optimizer's settings say of hyperparameters that can be scheduled, by name.

    What a param group has to itself is there as `groups.GROUP.lr` and `groups.GROUP.weight_decay`.
    """
    if isinstance(optimizer, TargetConfig):
        return {name: value for name, value in _numbers(optimizer.arguments) if name != "lr"}
    own = {
        f"{GROUPS}.{group}.{name}": value
        for group, config in optimizer.groups.items()
        for name, value in config.bases().items()
    }
    return {name: value for name, value in _numbers(dict(optimizer)) if name != "lr"} | own


def base_of(name: str, bases: Mapping[str, float]) -> float | None:
    """Returns what a schedule multiplies: what its param group has to itself, or what the optimizer has."""
    return bases.get(name, bases.get(split_name(name)[1]))


def with_base_values(fields: Mapping[str, Any], values: Mapping[str, float]) -> dict[str, Any]:
    """Returns an optimizer's settings with other values for the hyperparameters of `base_values`."""
    changed = dict(fields)
    for name, value in values.items():
        group, hyperparameter = split_name(name)
        if group is not None and group in changed.get(GROUPS, {}):
            own = changed[GROUPS][group].model_copy(update={hyperparameter: value})
            changed[GROUPS] = {**changed[GROUPS], group: own}
            continue
        key, _, index = name.partition(".")
        if key in changed and index:
            items = list(changed[key])
            items[int(index)] = value
            changed[key] = tuple(items)
        elif key in changed:
            changed[key] = value
    return changed


def refuse_beside(target: str, written: Written) -> None:
    """Refuses schedules beside a provider of the user's own, which knows nothing of them.

    Raises:
        ConfigError: If there are some.
    """
    if written.sections:
        message = f"{target} schedules what it likes, and would not follow these: {', '.join(written.sections)}"
        raise ConfigError([Problem(SCHEDULES, message, "take a schedule from the group lr, such as lr=wsd")])


def _numbers(fields: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in fields.items():
        if isinstance(value, tuple | list):
            yield from _numbers({f"{name}.{index}": item for index, item in enumerate(value)})
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name, float(value)


def _of_optimizer(sections: Mapping[str, Any], optimizer: OptimizerConfig | TargetConfig) -> Iterator[Problem]:
    """Yields what the optimizer does not have, or has at 0; one of the user's own may have it all the same."""
    bases = base_values(optimizer)
    if not isinstance(optimizer, TargetConfig):
        yield from unknown_problems(sections, [*(name for name in bases if split_name(name)[0] is None), BATCH_SIZE])
        yield from _unknown_groups(sections, list(optimizer.groups))
    for name in sections:
        if base_of(name, bases) == 0:
            key = f"optimizer.{name if name in bases else split_name(name)[1]}"
            yield Problem(join_key(SCHEDULES, name), f"{key} is 0, and a schedule multiplies it")


def _unknown_groups(sections: Mapping[str, Any], groups: Sequence[str]) -> Iterator[Problem]:
    for name in sections:
        group, _ = split_name(name)
        if group is not None and group not in groups:
            there = f"there are {', '.join(groups)}" if groups else "optimizer.groups names none"
            hint = did_you_mean(group, groups) or "optimizer.groups says which parameters it has"
            yield Problem(join_key(SCHEDULES, name), f"there is no param group {group!r}; {there}", hint)


def _references(
    name: str, bases: Mapping[str, float], optimizer: OptimizerConfig | TargetConfig | None
) -> dict[str, float | None]:
    """Returns what learning rates and values of a schedule are multiples of."""
    if split_name(name)[1] != "lr":
        return {"reference_value": base_of(name, bases)}
    lr = None if optimizer is None or isinstance(optimizer, TargetConfig) else optimizer.lr
    return {"reference_lr": bases.get(name, lr)}


def _limits(schedules: Mapping[str, Any], bases: Mapping[str, float]) -> Iterator[Problem]:
    for name, schedule in schedules.items():
        base = base_of(name, bases)
        for problem in [] if base is None else limit_problems(split_name(name)[1], schedule, base):
            yield problem.below(join_key(SCHEDULES, name))
