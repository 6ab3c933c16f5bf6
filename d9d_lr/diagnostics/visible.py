"""Text of others' making, as it may be shown: on a terminal, in a table, in a spreadsheet."""

from __future__ import annotations

import contextlib
import traceback
import unicodedata


def visible(text: str) -> str:
    """Writes what does not print as an escape: line ends, the codes that steer a terminal, halves of characters."""
    return "".join(sign if _prints(sign) else sign.encode("unicode_escape").decode() for sign in text)


def visible_lines(text: str) -> str:
    """Writes what does not print as an escape, but for the ends of lines and tabs: a traceback, say."""
    return "\n".join("\t".join(visible(part) for part in line.split("\t")) for line in text.split("\n"))


def visible_traceback(error: BaseException) -> str:
    """Returns the traceback of an error and of what caused it, where what they say steers no terminal."""
    return visible_lines("".join(traceback.format_exception(error)))


def _prints(sign: str) -> bool:
    return sign.isprintable() or unicodedata.category(sign) == "Zs"  # spaces of other kinds


def no_formula(text: str) -> str:
    """Puts an apostrophe before what a spreadsheet would compute; numbers stay as they are."""
    if not text.startswith(("=", "+", "-", "@")):
        return text
    with contextlib.suppress(ValueError):
        float(text)
        return text
    return f"'{text}"
