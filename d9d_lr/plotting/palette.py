"""Colours and line styles for lines, safe for colour-blind eyes, the same in figures and on the page.

The colours are those of M. Okabe and K. Ito, "Color Universal Design", without black and yellow, which vanish on dark
and on light paper, and with a grey. Their number and that of the styles share no factor: 35 lines differ.
"""

from __future__ import annotations

from typing import Any, NamedTuple

COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#8a8f98")
DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (6.0, 2.5),
    (1.5, 1.8),
    (7.0, 2.0, 1.5, 2.0),
    (4.0, 1.5, 1.2, 1.5, 1.2, 1.5),
)
"""Lengths of strokes and gaps, in widths of the line; none for a solid one."""

_BRIGHT = ("bright_blue", "bright_yellow", "bright_green", "bright_magenta", "bright_cyan", "bright_red")


class Look(NamedTuple):
    """How a line looks.

    Attributes:
        color: As "#rrggbb".
        dashes: Strokes and gaps; empty for a solid line.
    """

    color: str
    dashes: tuple[float, ...]


def look(index: int) -> Look:
    """Returns the look of the line with this number."""
    return Look(COLORS[index % len(COLORS)], DASHES[index % len(DASHES)])


def bright(index: int) -> str:
    """Returns the colour of the line with this number in a terminal, by Rich's name."""
    return _BRIGHT[index % len(_BRIGHT)]


def line_style(one: Look) -> Any:
    """Returns matplotlib's form of the dashes."""
    return (0, one.dashes) if one.dashes else "-"


def literal(text: str) -> str:
    """Returns text that matplotlib draws as it stands: a dollar sign in a swept value starts no formula."""
    shown = "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)
    return shown.replace("$", r"\$")
