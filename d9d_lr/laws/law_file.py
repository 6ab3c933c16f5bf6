"""A fitted law as a JSON file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.laws.law import Law
from d9d_lr.runs.atomic import write_text_whole

KIND = "d9d_lr.laws.multi_power"
VERSION = 1


@dataclass(frozen=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class _File:
    kind: str
    version: int
    law: Law


_FILE = TypeAdapter(_File)


def write_law(path: Path, law: Law) -> None:
    """Writes a law, whole or not at all."""
    text = _FILE.dump_json(_File(KIND, VERSION, law), indent=2).decode()
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
    if data["kind"] != KIND or data.get("version") != VERSION:
        found = f"{data['kind']!r}, version {data.get('version')!r}"
        raise ConfigError([Problem(where, f"a law of another kind: {found}; known is {KIND!r}, version {VERSION}")])
    try:
        return _FILE.validate_python(data).law
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError([Problem(where, f"this law file is damaged: {key}: {first['msg']}")]) from None
