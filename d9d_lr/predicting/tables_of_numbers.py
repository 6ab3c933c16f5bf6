"""CSV files of numbers, with what is wrong in them reported by its line."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from d9d_lr.diagnostics.problems import ConfigError, Problem

MOST_STEPS = 100_000_000


@dataclass(frozen=True)
class NumberTable:
    """A CSV file.

    Attributes:
        path: The file.
        heads: The headings.
        rows: The cells of each line that is not empty, with the line's number.
    """

    path: Path
    heads: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def column(self, place: int, *, positive: bool) -> Iterator[tuple[int, float]]:
        """Yields the line number and the number of each cell of a column that is filled in.

        Args:
            place: The column.
            positive: Whether zero is refused too, and not negative numbers alone.

        Raises:
            ConfigError: At a cell that holds no such number.
        """
        for line, cells in self.rows:
            if place >= len(cells) or not cells[place].strip():
                continue
            value = _number(cells[place])
            if value is None or value < 0 or (positive and value == 0):
                allowed = "a finite number above 0" if positive else "a finite number, 0 or more"
                raise ConfigError([self.problem(line, place, cells[place], allowed)])
            yield line, value

    def steps(self, place: int) -> dict[int, int]:
        """Returns the step of each line.

        Raises:
            ConfigError: Where a step is no whole number, or does not rise.
        """
        found: dict[int, int] = {}
        last = -1
        for line, cells in self.rows:
            value = _number(cells[place]) if place < len(cells) else None
            if value is None or value != int(value) or not 0 <= value < MOST_STEPS:
                text = cells[place] if place < len(cells) else ""
                raise ConfigError([self.problem(line, place, text, f"a whole number from 0 to {MOST_STEPS}")])
            if value <= last:
                message = f"step {int(value)} comes after step {last}; the steps of one run must rise"
                hint = "a file holds one run; keep the lines of the last attempt of a run that was resumed"
                raise ConfigError([Problem(f"{self.path}, line {line}", message, hint)])
            last = found[line] = int(value)
        return found

    def problem(self, line: int, place: int, text: str, allowed: str) -> Problem:
        """Returns what is wrong with one cell."""
        hint = "a run that diverged cannot be fitted" if text.strip().lower() in ("nan", "inf", "-inf") else ""
        return Problem(f"{self.path}, line {line}", f"{self.heads[place]} is {text!r}; it must be {allowed}", hint)


def read_table(path: Path) -> NumberTable:
    """Reads a CSV file with a line of headings.

    Raises:
        ConfigError: If it is empty, is no text, or holds headings alone.
    """
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except FileNotFoundError:
        raise ConfigError([Problem(str(path), "there is no such file")]) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError([Problem(str(path), f"this is no CSV file: {error}")]) from None
    if not lines:
        raise ConfigError([Problem(str(path), "the file is empty", "it needs a line of headings: step,lr,loss")])
    rows = tuple((number, tuple(cells)) for number, cells in enumerate(lines[1:], start=2) if _filled(cells))
    if not rows:
        raise ConfigError([Problem(str(path), f"there are headings ({', '.join(lines[0])}) and no numbers below them")])
    return NumberTable(path, tuple(head.strip() for head in lines[0]), rows)


def _filled(cells: Sequence[str]) -> bool:
    return any(cell.strip() for cell in cells)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
