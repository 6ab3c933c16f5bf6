"""Several schedules of one run: the learning rate's, and by name those of other hyperparameters and the batch size.

A name is what is typed below `schedules`: `weight_decay`, `momentum`, `betas.1` (an index into the betas),
`batch_size`, and `groups.GROUP.lr` or `groups.GROUP.weight_decay`, which a param group of that name has to itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from omegaconf import DictConfig
from pydantic import BaseModel

from d9d_lr.config.batch_sizes import build_batch_sizes
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.plain import marked
from d9d_lr.config.positions import positions_of
from d9d_lr.config.resolve_lr import check_fit, has_no_ramp, ramp_of, resolve_lr, typed_below
from d9d_lr.config.scheduler_fields import BATCH_SIZE, SCHEDULES
from d9d_lr.diagnostics.problems import ConfigError, Problem, did_you_mean, join_key
from d9d_lr.schedule.batch import BatchShares
from d9d_lr.schedule.batch_sizes import BatchSizes
from d9d_lr.schedule.piecewise import Schedule

GROUPS = "groups"


@dataclass(frozen=True)
class Schedules:
    """Every schedule of one run, resolved against its length.

    Attributes:
        lr: The learning rate's.
        others: By name, those of other hyperparameters and of param groups.
        batch: The batch size's; None where it is the same throughout.
    """

    lr: Schedule
    others: Mapping[str, Schedule] = field(default_factory=dict)
    batch: BatchSizes | None = None


@dataclass(frozen=True)
class Section:
    """A schedule as it is written, and validated.

    Attributes:
        raw: As it is written, for the positions of its phases.
        config: The validated config.
        key: What it is called in errors: where it is typed.
    """

    raw: Mapping[str, Any]
    config: PiecewiseConfig
    key: str


def sections_of(section: DictConfig | Mapping[str, Any], key: str = SCHEDULES) -> dict[str, dict[str, Any]]:
    """Returns the schedules below a section by name, each as it is written.

    Args:
        section: The section: a mapping from hyperparameters, as a Hydra configuration or Python code has it.
        key: What the section is called in errors.

    Raises:
        ConfigError: With each name that is none, and each section that is no schedule.
    """
    found, problems = {}, []
    for name, node in _leaves(marked(_plain(section), key)):
        problem = _name_problem(name, node)
        if problem:
            problems.append(problem.below(key))
        else:
            found[name] = node
    if problems:
        raise ConfigError(problems)
    return found


def resolve_each(sections: Mapping[str, Mapping[str, Any]], key: str = SCHEDULES) -> dict[str, Section]:
    """Validates every section of `sections_of`.

    Raises:
        ConfigError: With every problem of every section.
    """
    found: dict[str, Section] = {}
    problems: list[Problem] = []
    for name, raw in sections.items():
        place = join_key(key, name)
        try:
            found[name] = Section(raw, resolve_lr(raw, key=place), place)
        except ConfigError as error:
            problems += error.problems
        else:
            problems += has_no_ramp(found[name].config, place)
    if problems:
        raise ConfigError(problems)
    return found


def with_defaults(section: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a section with what it is silent about: what amounts are counted with, what values are multiples of."""
    if "scheduler" in section and isinstance(section["scheduler"], Mapping):
        return {**section, "scheduler": with_defaults(section["scheduler"], values)}
    return {**{name: value for name, value in values.items() if section.get(name) is None}, **_said(section)}


def unknown_problems(names: Iterable[str], known: Collection[str]) -> Iterator[Problem]:
    """Yields the schedules of what is no hyperparameter that is known; the batch size is one."""
    for name in names:
        group, hyperparameter = split_name(name)
        allowed = [*known] if group is None else ["lr", *(one for one in known if one != BATCH_SIZE)]
        if hyperparameter not in allowed:
            message = f"there is no hyperparameter {hyperparameter!r} to schedule; there are {', '.join(allowed)}"
            yield Problem(join_key(SCHEDULES, name), message, did_you_mean(hyperparameter, allowed), misplaced=True)


def ramp_section(raw: Mapping[str, Any], config: PiecewiseConfig, key: str) -> Section | None:
    """Returns the batch sizes that a learning rate comes with; None if it comes with none.

    Args:
        raw: The section of the learning rate as it is written.
        config: The same, validated.
        key: What it is called in errors.
    """
    return None if config.ramp is None else Section(ramp_of(raw), config.ramp, join_key(key, BATCH_SIZE))


def only_batch_sizes(sections: Mapping[str, Section], ramp: Section | None) -> Section | None:
    """Returns the schedule of the batch size, of which there may be one.

    Raises:
        ConfigError: If one is typed beside the one that the learning rate comes with.
    """
    typed = sections.get(BATCH_SIZE)
    if typed is not None and ramp is not None:
        raise ConfigError([beside_ramp(typed.key, ramp.key)])
    return typed or ramp


def beside_ramp(typed: str, ramp: str) -> Problem:
    """Returns the problem of two schedules of the batch size."""
    return Problem(typed, f"stands beside {ramp}, which the learning rate comes with", f"type {ramp}=null")


def batch_sizes_of(section: Section | None, total_steps: int, full_batch: int | None) -> BatchSizes | None:
    """Returns the batch size of every step; None where it is not scheduled.

    Raises:
        ConfigError: If the phases do not fit, or the size of a full batch is not known.
    """
    if section is None:
        return None
    if full_batch is None:
        message = f"is missing; {section.key} needs the number of examples of a full batch"
        raise ConfigError([Problem(BATCH_SIZE, message, f"with {section.key}=null the batch has one size")])
    with typed_below(section.key, section.raw):
        return build_batch_sizes(section.config, total_steps, full_batch, positions=positions_of(section.raw))


def fit_each(sections: Mapping[str, Section], total_steps: int, batch: BatchShares | None) -> dict[str, Schedule]:
    """Returns the schedules by name, without that of the batch size.

    Raises:
        ConfigError: With every problem of every schedule whose phases do not fit.
    """
    found: dict[str, Schedule] = {}
    problems: dict[str, Problem] = {}
    for name, section in sections.items():
        if name == BATCH_SIZE:
            continue
        try:
            found[name] = check_fit(section.config, section.raw, total_steps, section.key, batch)
        except ConfigError as error:
            problems |= {problem.key: problem for problem in error.problems}
    if problems:
        raise ConfigError(problems.values())
    return found


def nested(configs: Mapping[str, PiecewiseConfig]) -> dict[str, Any]:
    """Returns schedules by name as a section has them, from which `sections_of` finds the names again."""
    section: dict[str, Any] = {}
    for name, config in configs.items():
        place = section
        *above, last = name.split(".")
        for part in above:
            place = place.setdefault(part, {})
        place[last] = config
    return section


def split_name(name: str) -> tuple[str | None, str]:
    """Returns the param group that a schedule belongs to, None for all of them, and the hyperparameter."""
    if name.startswith(f"{GROUPS}."):
        _, group, hyperparameter = name.split(".", 2)
        return group, hyperparameter
    return None, name


def _said(section: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in section.items() if value is not None}


def _plain(node: Any) -> Any:
    if isinstance(node, BaseModel):
        return node.model_dump()
    if isinstance(node, Mapping) and not isinstance(node, DictConfig):
        return {name: _plain(child) for name, child in node.items()}
    return node


def _leaves(section: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    for name, node in section.items():
        if name == GROUPS and isinstance(node, Mapping):
            for group, own in node.items():
                if not isinstance(own, Mapping) or not own:
                    yield f"{GROUPS}.{group}", own
                    continue
                yield from ((f"{GROUPS}.{group}.{below}", leaf) for below, leaf in _indexed(own))
        else:
            yield from _indexed({name: node})


def _indexed(section: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    """Yields hyperparameters; of one that is a list, as the betas are, each item that is scheduled."""
    for name, node in section.items():
        if isinstance(node, Mapping) and node and all(str(index).isdecimal() for index in node):
            yield from ((f"{name}.{index}", item) for index, item in node.items())
        else:
            yield str(name), node


def _name_problem(name: str, node: Any) -> Problem | None:
    group, hyperparameter = split_name(name) if name.count(".") > 1 or not name.startswith(GROUPS) else (None, name)
    if hyperparameter == "lr" and group is None:
        return Problem(name, "is not scheduled here: the learning rate's schedule is the section lr itself")
    if hyperparameter == BATCH_SIZE and group is not None:
        return Problem(name, f"the batch size is one for all groups; its place is {BATCH_SIZE}")
    if not isinstance(node, Mapping) or not node:
        message = f"{node!r} is no schedule; it must be a mapping with initial_multiplier and phases"
        return Problem(name, message, f"type +lr@schedules.{name}=constant")
    return None
