"""Completing the options of a group from the names of files: `lr=w`, `lr/decay@lr.phases.2=`, `-m lr=wsd,war`.

Hydra completes keys and whole groups, and knows neither groups at a place nor lists of options. These need no
composing, so a query is quick.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from d9d_lr.composing.paths import APP_DIR, SCHEDULES_DIR

AFTER_INSTALLING_BASH = "COMP_WORDBREAKS=${COMP_WORDBREAKS//@}"
"""Hydra's script takes `=` from what bash breaks words at; a group at a place has an `@` as well."""

_GROUP = re.compile(r"(?P<sign>\+\+?|)(?P<group>[\w/]+)(?P<place>@[\w.]+)?=(?P<before>(?:[\w]+,)*)(?P<begun>[\w/]*)")
_PRESETS_IN_FOLDERS = {"lr": ("models/", "systems/")}
"""Options with a folder in their name, as in lr=models/deepseek_v3, by group; other folders below hold no presets."""

_FLAG_OF_A_FOLDER = ("-cd", "--config-dir")


def options_for(line: str) -> list[str] | None:
    """Returns the words that may stand for the last one of a command line; None where it names no group.

    Args:
        line: What was typed so far, the program's name first.
    """
    words = _words(line)
    found = _GROUP.fullmatch(words[-1]) if words else None
    if found is None:
        return None
    folders = [SCHEDULES_DIR, APP_DIR, *_own_folders(words)]
    inside, slash, _ = found["begun"].rpartition("/")
    places = [folder / found["group"] / inside for folder in folders]
    names = sorted({f"{inside}{slash}{file.stem}" for place in places for file in place.glob("*.yaml")})
    names += [] if slash else _PRESETS_IN_FOLDERS.get(found["group"], ())
    taken = set(found["before"].split(","))
    stem = words[-1].removesuffix(found["begun"]) if found["begun"] else words[-1]
    offered = [stem + name for name in names if name.startswith(found["begun"]) and name not in taken]
    return offered if names else None


def complete_by_hydra() -> None:
    """Prints what Hydra offers for a key, and imports nothing of the entrypoint: the shell waits for the answer."""
    import hydra

    @hydra.main(version_base=None, config_path=str(APP_DIR), config_name="config")
    def application(_: object) -> None:
        """Is never run: Hydra answers the query."""

    application()


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError:  # a quote that is still open
        words = line.split()
    return [*words, ""] if line[-1:].isspace() else words


def _own_folders(words: Sequence[str]) -> list[Path]:
    return [Path(words[at + 1]) for at, word in enumerate(words[:-1]) if word in _FLAG_OF_A_FOLDER]
