"""Everything that is wrong with a command line, where Hydra stops at the first override that it cannot apply."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from d9d_lr.composing.hydra_errors import explain_hydra
from d9d_lr.composing.hydra_internals import COMPOSITION_ERRORS
from d9d_lr.composing.line import Check, Composer, Line, problems_of
from d9d_lr.composing.overrides import check_overrides, key_of, value_of
from d9d_lr.composing.suggestions import (
    Suggestion,
    another_kind,
    another_place,
    elsewhere,
    first_that_works,
    swapped,
    with_value,
)
from d9d_lr.diagnostics.problems import ConfigError, Problem


def all_problems(composer: Composer, overrides: Sequence[str], check: Check) -> list[Problem]:
    """Composes without the overrides at fault until that works, and validates what is left.

    Returns:
        The problems of composing, then those of the values, with hints that were tried; empty if there are none.
    """
    refused: list[tuple[Exception, list[str]]] = []
    wrong: list[Problem] = []
    remaining = list(overrides)
    while True:
        try:
            check_overrides(remaining)
            config = composer.composed(remaining)
        except (ConfigError, *COMPOSITION_ERRORS) as error:
            refused.append((error, remaining))
            new = _explained(error, remaining)
            innocent = [one for one in remaining if not any(_blames(problem, one) for problem in new)]
        else:
            new = problems_of(check, config)
            wrong += [problem for problem in new if problem.key not in {known.key for known in wrong}]
            innocent = [one for one in remaining if not any(_goes_with(problem, one) for problem in new)]
        if innocent == remaining:
            break
        remaining = innocent
    line = Line(composer, check, remaining)
    found = [problem for error, typed in refused for problem in _explained(error, typed, line)]
    found += [_with_tried_hint(problem, overrides, line) for problem in wrong]
    return _each_once(found)


def _each_once(problems: Sequence[Problem]) -> list[Problem]:
    """Returns one problem for each key, and each hint once, with the last problem that it is for."""
    by_key = list({problem.key or problem.message: problem for problem in reversed(problems)}.values())[::-1]
    last = {problem.hint: index for index, problem in enumerate(by_key)}
    return [
        problem if last[problem.hint] == index else replace(problem, hint="") for index, problem in enumerate(by_key)
    ]


def _explained(error: Exception, typed: Sequence[str], line: Line | None = None) -> list[Problem]:
    return list(error.problems) if isinstance(error, ConfigError) else explain_hydra(error, typed, line)


def _blames(problem: Problem, override: str) -> bool:
    key, wrong = f"{key_of(override)}.", f"{problem.key}."
    sets_all_of_it = wrong.startswith(key) and ("." in key_of(override) or value_of(override).startswith(("{", "[")))
    return problem.key == override or key.startswith(wrong) or sets_all_of_it


def _goes_with(problem: Problem, override: str) -> bool:
    """Whether an override has to do with a problem of a value: sets it, or another value of the same phase."""
    return _blames(problem, override) or (bool(_phase(problem.key)) and _phase(problem.key) == _phase(key_of(override)))


def _phase(key: str) -> str:
    found = re.match(r"[\w.]*phases\.\d+(?=\.|$)", key)
    return found[0] if found else ""


def _with_tried_hint(problem: Problem, overrides: Sequence[str], line: Line) -> Problem:
    """Returns a problem of a value with the hint that the rest of the command line allows for."""
    if not problem.misplaced and problem.hint:
        return problem
    typed = [one for one in overrides if _goes_with(problem, one) and "@" not in one]
    near = _with_near_name(problem, typed)
    if problem.hint.startswith("did you mean") and (not typed or (near and line.works(near))):
        return problem
    group = next((one for one in overrides if key_of(one).replace("/", ".") == problem.key and "/" in one), "")
    if group:
        meant = [*another_place(line, key_of(group), value_of(group))]
    elif problem.misplaced and typed:
        there = tuple(one.lstrip("+") for one in near)
        meant = [
            *([Suggestion(f"{problem.hint} to set it", there)] if there else []),
            *swapped(line, problem.key, typed),
            *_elsewhere(problem, typed, line),
            *another_kind(line, problem.key),
        ]
    else:
        meant = [
            one
            for override in typed
            if override.endswith("%")
            for one in with_value(line, problem.key, value_of(override))
        ]
    kept = "" if problem.hint.startswith("did you mean") else problem.hint
    return replace(problem, hint=first_that_works(line, meant) or kept)


def _with_near_name(problem: Problem, typed: Sequence[str]) -> list[str]:
    """Returns what was typed for a key with the name that a hint says in place of it."""
    if not problem.hint.startswith("did you mean"):
        return []
    wrong, near = problem.key.rpartition(".")[2], problem.hint.split("'")[1]
    return [one.replace(wrong, near, 1) for one in typed if key_of(one).startswith(problem.key)]


def _elsewhere(problem: Problem, typed: Sequence[str], line: Line) -> Iterator[Suggestion]:
    for override in typed:
        if key_of(override) == problem.key:
            yield from elsewhere(line, problem.key, value_of(override))
