"""From OmegaConf to plain values: what is written is what OmegaConf itself says, and what is read is resolved."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import pytest
from omegaconf import MISSING, DictConfig, OmegaConf

from d9d_lr.config.plain import _written, marked
from d9d_lr.diagnostics.problems import Unresolved


class Colour(Enum):
    RED = 1


@dataclass
class Inner:
    steps: int | float = 3
    colour: Colour = Colour.RED
    missing: str = MISSING


@dataclass
class Typed:
    inner: Inner = field(default_factory=Inner)
    nothing: Inner | None = None
    absent: Inner = MISSING
    united: int | str = "${inner.steps}"
    place: Path = Path("somewhere")
    raw: bytes = b"raw"
    many: list[Inner] = field(default_factory=lambda: [Inner(), Inner(steps=1.5)])


class Own:
    """A class of the user's own."""


OWN = Own()
CONFIGS = {
    "nested": OmegaConf.create({"a": {"b": {"c": [1, {"d": 2.5}, [None, True]]}, 3: "text"}, "e": b"raw"}),
    "empty": OmegaConf.create({"a": {}, "b": [], "c": {"d": {}}}),
    "none": OmegaConf.create({"a": None, "b": DictConfig(None), "c": {"d": DictConfig(None)}}),
    "missing": OmegaConf.create({"a": "???", "b": DictConfig("???")}),
    "interpolated": OmegaConf.create(
        {"a": {"x": 1}, "b": "${a}", "c": DictConfig("${a}"), "d": "${a.x} of ${nowhere}"}
    ),
    "typed": OmegaConf.structured(Typed),
    "typed within": OmegaConf.create({"a": {"b": Typed()}, "c": 1}),
    "objects": OmegaConf.create({"a": OWN, "b": {"c": OWN, "d": Colour.RED}}, flags={"allow_objects": True}),
    "read-only": OmegaConf.create({"a": {"b": 1}}, flags={"readonly": True, "struct": True}),
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_what_is_written_is_what_omegaconf_says(config):
    written, expected = _written(config), OmegaConf.to_container(config)
    assert written == expected
    assert _with_types(written) == _with_types(expected)


def test_what_is_read_is_resolved_and_marked():
    read = marked(CONFIGS["interpolated"])
    assert read["b"] == read["c"] == {"x": 1}
    assert isinstance(read["d"], Unresolved)
    assert isinstance(marked(CONFIGS["missing"])["a"], Unresolved)


def _with_types(value):
    if isinstance(value, dict):
        return [(type(name), name, _with_types(child)) for name, child in value.items()]
    return [_with_types(child) for child in value] if isinstance(value, list) else (type(value), value)
