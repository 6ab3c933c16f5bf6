"""Overrides that do not follow Hydra's grammar, and how each would."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from d9d_lr.composing.hydra_english import why_unparsed
from d9d_lr.composing.line import Line
from d9d_lr.composing.overrides import parsed, value_of
from d9d_lr.composing.suggestions import Suggestion, first_that_works, with_value_there
from d9d_lr.diagnostics.problems import Problem


def unparsed(error: Exception, overrides: Sequence[str], line: Line | None) -> Problem:
    """Returns what is said of the first override that does not parse."""
    place = next((index for index, one in enumerate(overrides) if parsed(one) is None), None)
    if place is None:
        return Problem("", why_unparsed(error, ""))
    typed = overrides[place]
    if "=" not in typed and not typed.startswith("~"):
        hint = first_that_works(line, with_value_there(line, typed)) if line else ""
        return Problem(typed, "is not an override", hint or "an override is KEY=VALUE")
    if any(bracket in typed for bracket in ("={", "=[")) and not _is_closed(typed):
        hint = "put it in quotes, so that the shell keeps it in one piece"
        whole = tuple(_joined(overrides[place:]))
        worked = first_that_works(line, [Suggestion(hint, whole)]) if line and whole else ""
        return Problem(typed, "does not parse", worked or hint)
    if corrected := _corrected_key(typed):
        meant = Suggestion("for a phase by its position", (corrected,))
        hint = first_that_works(line, [meant]) if line else str(meant)
        return Problem(typed, "does not parse", hint or "a position is a whole number behind a dot, as in phases.1")
    if re.search(r"phases\.-\d", typed):
        return Problem(typed, "does not parse", "positions are counted from 0")
    reason = why_unparsed(error, typed)
    quoted = f'{typed.partition("=")[0]}="{value_of(typed)}"'
    hint = str(Suggestion("for a text with special characters", (quoted,))) if parsed(quoted) else ""
    return Problem(typed, f"does not parse{f': {reason}' if reason else ''}", hint)


def _is_closed(typed: str) -> bool:
    return all(typed.count(start) == typed.count(end) for start, end in ("{}", "[]"))


def _joined(pieces: Sequence[str]) -> Iterator[str]:
    """Yields the override that the shell took apart, if the pieces that follow complete it."""
    for count in range(2, len(pieces) + 1):
        whole = " ".join(pieces[:count])
        if _is_closed(whole) and parsed(whole):
            yield whole
            return


def _corrected_key(typed: str) -> str:
    """Returns an override with `phases[0]` and `phases.00` written as `phases.0`; nothing if that is not it."""
    key, equals, value = typed.partition("=")
    better = re.sub(r"\[(\d+)\]", r".\1", key)
    better = re.sub(r"(?<=phases\.)0+(?=\d)", "", better)
    corrected = f"{better}{equals}{value}"
    return corrected if corrected != typed and parsed(corrected) else ""
