"""A fitted law as a JSON file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.laws.law import Form, Law
from d9d_lr.laws.momentum import Momentum
from d9d_lr.laws.multi_power import MultiPower
from d9d_lr.runs.atomic import write_text_whole

KIND = "d9d_lr.laws.multi_power"
VERSION = 1
FORMS: dict[str, type[Form]] = {KIND: MultiPower, "d9d_lr.laws.momentum": Momentum}
"""What a law of each kind is made of."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class _File:
    kind: str
    version: int
    law: Law


_FILE = TypeAdapter(_File)


def write_law(path: Path, law: Law) -> None:
    """Writes a law, whole or not at all."""
    kind = next(kind for kind, form in FORMS.items() if isinstance(law.narrow, form))
    text = _FILE.dump_json(_File(kind, VERSION, law), indent=2).decode()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text_whole(path, text + "\n")


def read_law(path: Path) -> Law:
    """Reads a law.

    Raises:
        ConfigError: If there is no file, it is none of a law, one of a law that is not known, or damaged.
    """
    where = str(path)
    try:
        data: Any = json.loads(path.read_bytes())
    except FileNotFoundError:
        hint = "python -m d9d_lr.predict fit RUN RUN -o law.json writes one"
        raise ConfigError([Problem(where, "there is no such file", hint)]) from None
    except IsADirectoryError:
        raise ConfigError([Problem(where, "this is a folder; a law is a JSON file")]) from None
    except ValueError as error:
        raise ConfigError([Problem(where, f"this is no law file: it is no JSON ({error})")]) from None
    if not isinstance(data, dict) or "kind" not in data:
        raise ConfigError([Problem(where, "this is no law file: it has no 'kind'", "predict fit writes law files")])
    if data["kind"] not in FORMS or data.get("version") != VERSION:
        found = f"{data['kind']!r}, version {data.get('version')!r}"
        raise ConfigError(
            [Problem(where, f"a law of another kind: {found}; known is {' or '.join(FORMS)}, version {VERSION}")]
        )
    try:
        law = _FILE.validate_python(data).law
    except ValidationError as error:
        raise ConfigError([Problem(where, f"this law file is damaged: {_first(error, data['kind'])}")]) from None
    if not isinstance(law.narrow, FORMS[data["kind"]]) or type(law.narrow) is not type(law.wide):
        raise ConfigError([Problem(where, f"this law file is damaged: its numbers are not those of {data['kind']}")])
    return law


def _first(error: ValidationError, kind: str) -> str:
    """Returns the first thing that is wrong, as far as that kind of law goes."""
    others = {form.__name__ for name, form in FORMS.items() if name != kind}
    found = [one for one in error.errors() if others.isdisjoint(one["loc"])] or error.errors()
    key = ".".join(str(part) for part in found[0]["loc"] if part != FORMS[kind].__name__)
    return f"{key}: {found[0]['msg']}"
