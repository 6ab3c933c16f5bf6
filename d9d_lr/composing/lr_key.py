"""What `lr` is in an application of somebody else's: a plain value of theirs, or a place for schedules.

Hydra takes `lr=0.5` for the choice of an option as soon as there is a config group `lr`, and refuses it: an application
with a plain `lr: 0.1` could not be overridden any more. So the groups are not added there, unless it asks for them.

This runs whenever a Hydra application starts, before anything is composed: files are read as text, a thousand at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigNode, ConfigStore
from omegaconf import DictConfig, ListConfig, OmegaConf

from d9d_lr.composing.paths import APP_DIR, SCHEDULES_DIR

_MOST_ENTRIES = 1000
_MOST_BYTES = 65_536

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*", re.MULTILINE)
_GLOBAL = re.compile(r"^\s*#\s*@package\s+_global_\s*$", re.MULTILINE)
_LR = re.compile(r"""^(["']?)lr\1[ \t]*:(?=\s|$)(?P<value>.*(?:\n(?:[ \t-].*)?)*)""", re.MULTILINE)
_DEFAULTS = re.compile(r"""^(["']?)defaults\1[ \t]*:(?P<entries>.*(?:\n(?:[ \t\]}-].*)?)*)""", re.MULTILINE)
_ENTRY = r"""(?:-\s+|[\[{{,]\s*)["']?(?:(?:override|optional)\s+)*{slash}lr(?=["']?\s*:|[/@])"""
_ASKED = re.compile(_ENTRY.format(slash="/?"))
_ASKED_FROM_A_GROUP = re.compile(_ENTRY.format(slash="/"))
_MAPPING = re.compile(r"\{|\s*\n\s*(?![-\s])[^\n]*?:(?:\s|$)")
_NAMED = re.compile(r"(?:(?:override|optional)\s+)*/?lr(?:$|[/@])")
_TYPED_NUMBER = re.compile(
    r"\+{0,2}lr=(?:\[|(?:[-+]?\.?\d[\d._]*(?:e[-+]?\d+)?|null|true|false)(?:,|$))", re.IGNORECASE
)


def takes_schedules(search_path: ConfigSearchPath, words: Sequence[str]) -> bool:
    """Whether an application has no use of its own for the key `lr`, or asks for the groups below it.

    Args:
        search_path: Where the application finds its configuration, as far as Hydra has put that together.
        words: What was typed behind the program's name.
    """
    places = [entry.path for entry in search_path.get_path() if entry.provider == "main"]
    if any(Path(place.removeprefix("file://")) in (APP_DIR, SCHEDULES_DIR) for place in places):
        return True
    is_plain = any(_TYPED_NUMBER.match(word) for word in words)
    for use in _uses(places):
        if use.asks:
            return True
        is_plain |= use.is_plain
    return not is_plain


@dataclass(frozen=True)
class Use:
    """What one config does with the key `lr`.

    Attributes:
        is_plain: Whether it has a value that is no mapping.
        asks: Whether its defaults list names the group.
    """

    is_plain: bool
    asks: bool


def use_in_text(text: str, *, in_group: bool = False) -> Use:
    """Returns what a YAML file does with `lr`, without parsing it.

    Args:
        text: What the file holds.
        in_group: Whether it is an option of a group. Its keys stand below the group's name, and `lr` in its defaults
            is a group beside it, unless it says otherwise.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    at_the_top = not in_group or _GLOBAL.search(text[:512]) is not None
    bare = _COMMENT.sub("", text)
    defaults = _DEFAULTS.search(bare)
    asks = defaults and (_ASKED_FROM_A_GROUP if in_group else _ASKED).search(defaults["entries"])
    lr = _LR.search(bare) if at_the_top else None
    return Use(lr is not None and not _MAPPING.match(_unmarked(lr["value"])), bool(asks))


def use_in_node(node: Any) -> Use:
    """Returns what a config of Hydra's `ConfigStore` does with `lr`."""
    if not isinstance(node, DictConfig):
        return Use(is_plain=False, asks=False)
    entries = OmegaConf.select(node, "defaults")
    listed = list(OmegaConf.to_container(entries) or ()) if isinstance(entries, ListConfig) else []
    named = [str(key) for entry in listed for key in (entry if isinstance(entry, Mapping) else [entry])]
    return Use("lr" in set(node.keys()) and not _is_section(node), any(_NAMED.match(key) for key in named))


def _uses(places: Iterable[str]) -> Iterator[Use]:
    for place in places:
        for file, in_group in _yaml_files(place):
            yield use_in_text(file, in_group=in_group)
    for stored in _stored(ConfigStore.instance().repo):
        yield use_in_node(stored.node)


def _yaml_files(place: str) -> Iterator[tuple[str, bool]]:
    """Yields what the files of a folder or package hold, those at its top first, and whether they lie in a group."""
    try:
        folders = [(_root(place), False)]
        left = _MOST_ENTRIES
        for folder, in_group in folders:
            for entry in folder.iterdir():
                left -= 1
                if left < 0:
                    return
                if entry.name.endswith((".yaml", ".yml")) and entry.is_file():
                    with entry.open("rb") as stream:
                        yield stream.read(_MOST_BYTES).decode(errors="replace"), in_group
                elif not entry.name.startswith((".", "__")) and entry.is_dir():
                    folders.append((entry, True))
    except (OSError, ImportError, ValueError, TypeError):
        return  # Hydra says what is wrong with the place where it needs it


def _root(place: str) -> Traversable:
    scheme, _, path = place.rpartition("://")
    return files(path.replace("/", ".").rstrip(".")) if scheme == "pkg" else Path(path)


def _stored(repo: Mapping[str, Any]) -> Iterator[ConfigNode]:
    """Yields the configs of the store whose keys stand at the top, but for ours and Hydra's."""
    for name, one in repo.items():
        if isinstance(one, Mapping):
            yield from (node for node in _stored(one) if name != "hydra" and node.package == "_global_")
        elif one.provider != "d9d_lr":
            yield one


def _unmarked(value: str) -> str:
    """Returns a value without the tag or anchor in front of it."""
    return re.sub(r"^[ \t]*(?:[&!]\S*[ \t]*)+", "", value).lstrip(" \t")


def _is_section(node: DictConfig) -> bool:
    known = not OmegaConf.is_missing(node, "lr") and not OmegaConf.is_interpolation(node, "lr")
    return known and isinstance(node["lr"], DictConfig)
