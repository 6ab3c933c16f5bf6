"""Schedules that a law is asked about: composed from overrides, at the law's own peak and length unless typed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.laws.fixed_rules import FIXED_RULES
from d9d_lr.laws.footprint import FloatArray
from d9d_lr.laws.law import Law
from d9d_lr.predicting.candidates import Candidate, compose_candidates

_STEPS, _BASE_LR = "train.total_steps", "optimizer.lr"


@dataclass(frozen=True)
class Asked:
    """A schedule with the learning rate of every step.

    Attributes:
        label: What tells it from the others.
        overrides: What to type for it; empty for a fixed rule.
        swept: The keys of those that sweep.
        rates: The learning rate of every step.
    """

    label: str
    overrides: tuple[str, ...]
    swept: tuple[str, ...]
    rates: FloatArray

    @property
    def is_rule(self) -> bool:
        """Whether it is a fixed rule, there for comparison."""
        return not self.overrides


def compose_asked(
    law: Law, overrides: Sequence[str], *, config_dir: Path | None = None, config_name: str = "config"
) -> list[Asked]:
    """Composes the schedules that are asked about.

    Args:
        law: The law; its steps and its peak stand in for `train.total_steps` and `optimizer.lr` where neither was typed
            and no file was named.
        overrides: As on the command line of `d9d_lr.train`.
        config_dir: A folder of the user's own.
        config_name: The primary config, such as a sweep file.

    Raises:
        ConfigError: If a schedule cannot be composed, or is one that the law cannot tell of.
    """
    typed = {override.partition("=")[0].lstrip("+") for override in overrides}
    bare = config_name == "config" and config_dir is None
    words = list(overrides)
    if bare:
        own = {_STEPS: f"{law.total_steps}", _BASE_LR: f"{law.reference_lr:.12g}"}
        words = [*(f"{key}={value}" for key, value in own.items() if key not in typed), *words]
    candidates = compose_candidates(words, config_dir=config_dir, config_name=config_name)
    typed_alone = " ".join(overrides) or "the default schedule"
    asked = [_asked(law, candidate, typed_alone) for candidate in candidates]
    problems = {str(problem): problem for one in asked for problem in law.limits.problems(one.rates)}
    if problems:
        raise ConfigError(problems.values())
    return asked


def fixed_rules(law: Law, total_steps: int) -> list[Asked]:
    """Returns the fixed rules with the law's warmup and peak."""
    multipliers = {name: rule(total_steps, law.warmup_steps) for name, rule in FIXED_RULES.items()}
    return [Asked(name, (), (), law.reference_lr * values) for name, values in multipliers.items()]


def _asked(law: Law, candidate: Candidate, typed_alone: str) -> Asked:
    base = law.reference_lr if candidate.base_lr is None else candidate.base_lr
    label = candidate.label if candidate.swept else typed_alone
    return Asked(label, candidate.overrides or ("",), candidate.swept, base * candidate.multipliers)


def sweep_line(chosen: Sequence[Asked], config_dir: Path | None, config_name: str) -> str:
    """Returns the command that runs some schedules of one sweep, the swept keys advancing together.

    Args:
        chosen: The schedules; at least one.
        config_dir: The folder of configuration that they were composed with.
        config_name: The primary config.
    """
    words = ["python", "-m", "d9d_lr.train", *(["-cd", str(config_dir)] if config_dir else [])]
    words += ["-cn", config_name] if config_name != "config" else []
    words += ["-m"]
    swept = chosen[0].swept
    fixed = [override for override in chosen[0].overrides if override and _key(override) not in swept]
    columns = {key: [_value(one, key) for one in chosen] for key in swept}
    zipped = [f"sweep.zip=[[{','.join(swept)}]]"] if len(swept) > 1 else []
    return shlex.join([*words, *zipped, *fixed, *(f"{key}={','.join(values)}" for key, values in columns.items())])


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+")


def _value(one: Asked, key: str) -> str:
    return next(override.partition("=")[2] for override in reversed(one.overrides) if _key(override) == key)
