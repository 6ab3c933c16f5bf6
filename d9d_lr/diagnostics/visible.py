"""Text of others' making and errors, as they may be shown: on a terminal, in a table, in a spreadsheet."""

from __future__ import annotations

import contextlib
import traceback
import unicodedata

from d9d_lr.diagnostics.problems import ConfigError, RunError


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


def in_one_line(error: BaseException) -> str:
    """Says an error in one line: its type, its text, and what caused it first.

    A `ConfigError` and a `RunError` are sentences already, and need neither.
    """
    match error:
        case ConfigError():
            text = "; ".join(f"{item.key}: {item.message}" if item.key else item.message for item in error.problems)
        case SystemExit():
            text = f"the job ended by sys.exit({error.code!r})"
        case RunError():
            text = str(error)
        case _:
            text = _named(error)
            if (first := first_cause(error)) is not error:
                text = f"{text} (from {_named(first)})"
    return visible(" ".join(text.split()))


def first_cause(error: BaseException) -> BaseException:
    """Returns the error at the start of a chain: what was raised first, and led to the others."""
    seen = {id(error)}
    while True:
        before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if before is None or id(before) in seen:
            return error
        error = before
        seen.add(id(error))


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
