"""The numbers at the top of a preset: what a user sets there, and the phases read by interpolation.

A preset names them once, `scalars: [warmup_steps]`, gives each its value, `warmup_steps: 100`, and writes
`${...warmup_steps}` in a phase. They mean nothing outside the file, so they are gone before the schedule is validated.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from d9d_lr.diagnostics.problems import Problem, did_you_mean, join_key

SCALARS = "scalars"


def without_scalars(
    section: Mapping[str, Any], fields: Collection[str], key: str
) -> tuple[dict[str, Any], list[Problem]]:
    """Takes the scalars out of a section that names some, and what is neither a scalar nor a field.

    Args:
        section: A section as plain values.
        fields: The names that a schedule has.
        key: What the section is called in errors.

    Returns:
        The rest, and a problem for each name that is not allowed.
    """
    names = section.get(SCALARS)
    if names is None:
        return dict(section), []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return dict(section), [Problem(join_key(key, SCALARS), f"{names!r} is not allowed; it must be a list of names")]
    known = [*names, *fields]
    unknown = [name for name in section if name not in known and name != SCALARS]
    problems = [
        Problem(
            join_key(key, str(name)),
            f"unknown key (value {section[name]!r}); allowed here: {', '.join(known)}",
            did_you_mean(str(name), known),
        )
        for name in unknown
    ]
    return {name: section[name] for name in section if name in fields}, problems
