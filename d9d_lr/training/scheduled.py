"""The section `schedules` of the entrypoint: what is scheduled beside the learning rate.

What a schedule is silent about, the rest of the configuration says: values are multiples of the optimizer's own and of
`train.batch_size`, and amounts are counted as the section `lr` counts them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from d9d_lr.composing.targets import TargetConfig
from d9d_lr.config.models import UNIT_FIELDS, PiecewiseConfig
from d9d_lr.config.schedules import (
    BATCH_SIZE,
    SCHEDULES,
    Section,
    batch_sizes_of,
    fit_each,
    resolve_each,
    sections_of,
    split_name,
    unknown_problems,
    with_defaults,
)
from d9d_lr.diagnostics.problems import ConfigError, Problem, join_key
from d9d_lr.schedule.batch_sizes import BatchSizes
from d9d_lr.schedule.limits import limit_problems
from d9d_lr.training.optimizers.settings import OptimizerConfig
from d9d_lr.training.settings import TrainConfig

_INHERITED = (*UNIT_FIELDS, "stretch")


@dataclass(frozen=True)
class Written:
    """The section as it is written, with the batch sizes, which every other schedule is counted with.

    Attributes:
        sections: The schedules as they are written, by name.
        batch: The batch size of every step; None where it is not scheduled.
        batch_section: Its validated section.
    """

    sections: Mapping[str, Mapping[str, Any]]
    batch: BatchSizes | None = None
    batch_section: Section | None = None


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
    if BATCH_SIZE not in sections or train is None:
        return Written(sections)
    known = {"reference_value": train.batch_size, "samples_per_step": train.batch_size}
    found = resolve_each({BATCH_SIZE: with_defaults(sections[BATCH_SIZE], known)})
    batch = batch_sizes_of(found, train.total_steps, train.batch_size)
    return Written(sections, batch, found[BATCH_SIZE])


def resolve_schedules(
    written: Written, train: TrainConfig | None, optimizer: OptimizerConfig | TargetConfig | None
) -> dict[str, PiecewiseConfig]:
    """Returns every schedule beside the learning rate's by name, validated against the run and the optimizer.

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
            {
                name: with_defaults(raw, {"reference_value": bases.get(split_name(name)[1])})
                for name, raw in checked.items()
            }
        )
        if train is not None:
            shares = written.batch.counted_with() if written.batch else None
            problems += _limits(fit_each(found, train.total_steps, shares), bases)
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(problems)
    batch = {} if written.batch_section is None else {BATCH_SIZE: written.batch_section}
    return {name: one.config for name, one in (found | batch).items()}


def base_values(optimizer: OptimizerConfig | TargetConfig) -> dict[str, float]:
    """Returns what an optimizer's settings say of hyperparameters that can be scheduled, by name."""
    fields = optimizer.arguments if isinstance(optimizer, TargetConfig) else dict(optimizer)
    return {name: value for name, value in _numbers(fields) if name != "lr"}


def with_base_values(fields: Mapping[str, Any], values: Mapping[str, float]) -> dict[str, Any]:
    """Returns an optimizer's settings with other values for the hyperparameters of `base_values`."""
    changed = dict(fields)
    for name, value in values.items():
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
        yield from unknown_problems(sections, [*bases, BATCH_SIZE])
    for name in sections:
        group, hyperparameter = split_name(name)
        if group is None and bases.get(hyperparameter) == 0:
            key = f"optimizer.{hyperparameter}"
            yield Problem(join_key(SCHEDULES, name), f"{key} is 0, and a schedule multiplies it")


def _limits(schedules: Mapping[str, Any], bases: Mapping[str, float]) -> Iterator[Problem]:
    for name, schedule in schedules.items():
        hyperparameter = split_name(name)[1]
        if hyperparameter in bases:
            for problem in limit_problems(hyperparameter, schedule, bases[hyperparameter]):
                yield problem.below(join_key(SCHEDULES, name))
