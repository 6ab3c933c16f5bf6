"""Everything that is wrong with a command line, where Hydra stops at the first override that it cannot apply."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from omegaconf import DictConfig

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.training.resolve import resolve_settings


def all_problems(compose: Callable[[Sequence[str]], DictConfig], overrides: Sequence[str]) -> list[Problem]:
    """Composes without the overrides at fault until that works, then validates what is left.

    Args:
        compose: Composes some overrides; raises ConfigError where it cannot.
        overrides: What was typed.

    Returns:
        The problems of composing, then those of the values; empty if there are none.
    """
    problems: list[Problem] = []
    remaining = list(overrides)
    while True:
        try:
            resolve_settings(compose(remaining))
            return problems
        except ConfigError as error:
            new = [problem for problem in error.problems if problem not in problems]
            problems += new
            innocent = [override for override in remaining if not any(_blames(problem, override) for problem in new)]
            if innocent == remaining:
                return problems
            remaining = innocent


def _blames(problem: Problem, override: str) -> bool:
    return problem.key in (override, override.partition("=")[0].lstrip("+~"))
