"""Plain values as one text, which two values share exactly if they are equal in value and type: what hashes are of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def canonical(plain: Any) -> str:
    """Returns plain values as one text; inf, nan, null, 1, 1.0, true and "1" differ.

    The order of keys, and whether a sequence is a list or a tuple, do not matter.

    Args:
        plain: Mappings, sequences, text, numbers; anything else counts as its `repr`.
    """
    match plain:
        case Mapping():
            return "{" + ",".join(sorted(f"{canonical(key)}:{canonical(value)}" for key, value in plain.items())) + "}"
        case list() | tuple():
            return "[" + ",".join(map(canonical, plain)) + "]"
        case str():
            return json.dumps(plain)
        case _:
            return repr(plain)
