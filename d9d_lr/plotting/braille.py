"""Lines drawn with braille dots, two by four to a character, and letters put onto them.

The small plotting libraries for terminals choose their own ticks and edges, and need a dependency for what is a grid
of bits; this keeps to that grid.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

_BLANK = 0x2800
_DOT_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # by row from the top, then by column


class BrailleCanvas:
    """A plot area of `columns` by `rows` characters, for x from 0 to `x_max` and y from `low` to `high`."""

    def __init__(self, columns: int, rows: int, x_max: float, low: float, high: float) -> None:
        self._x_max, self._low, self._high = x_max, low, high
        self._bits = np.zeros((rows, columns), dtype=np.int64)
        self._styles = np.full((rows, columns), "", dtype=object)
        self._letters = np.full((rows, columns), "", dtype=object)

    def line(self, xs: NDArray[np.float64] | NDArray[np.int64], ys: NDArray[np.float64], style: str = "") -> None:
        """Draws a line through points that are in order of x."""
        rows, columns = self._bits.shape
        across = np.rint(xs / self._x_max * (2 * columns - 1)).astype(int)
        down = np.rint((self._high - ys) / (self._high - self._low) * (4 * rows - 1)).astype(int)
        dots = list(zip(across.tolist(), down.tolist(), strict=True))
        for (x0, y0), (x1, y1) in itertools.pairwise(dots if len(dots) > 1 else dots * 2):
            count = max(abs(x1 - x0), abs(y1 - y0)) + 1
            for x, y in zip(np.linspace(x0, x1, count).round(), np.linspace(y0, y1, count).round(), strict=True):
                row, column = int(y) // 4, int(x) // 2
                self._bits[row, column] |= _DOT_BITS[int(y) % 4][int(x) % 2]
                self._styles[row, column] = style

    def letter(self, x: float, y: float, letter: str, style: str = "") -> None:
        """Writes a letter at a point, over whatever dots are there."""
        rows, columns = self._bits.shape
        row = round((self._high - y) / (self._high - self._low) * (4 * rows - 1)) // 4
        column = round(x / self._x_max * (2 * columns - 1)) // 2
        self._letters[row, column], self._styles[row, column] = letter, style

    def lines(self) -> list[Text]:
        """Returns the rows from the top, without blanks at their ends."""
        return [self._row(row) for row in range(self._bits.shape[0])]

    def _row(self, row: int) -> Text:
        text = Text()
        cells = zip(self._bits[row], self._letters[row], self._styles[row], strict=True)
        for style, run in itertools.groupby(cells, key=lambda cell: cell[2]):
            text.append("".join(letter or (chr(_BLANK + bits) if bits else " ") for bits, letter, _ in run), style)
        text.rstrip()
        return text
