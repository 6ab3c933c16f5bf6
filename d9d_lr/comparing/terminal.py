"""An answer as text for a terminal: the sentence, what one must know beside it, and the table of settings."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from d9d_lr.comparing.answer import Answer
from d9d_lr.comparing.effects import effects_of
from d9d_lr.comparing.folding import Setting
from d9d_lr.comparing.names import short_keys
from d9d_lr.comparing.predicted import predicted_text
from d9d_lr.comparing.words import measured, notes, sentence
from d9d_lr.diagnostics.visible import visible

MOST_ROWS = 20
_LEAST_SHARE = 0.01


def answer_text(answers: Sequence[Answer], objective: str, width: int) -> str:
    """Returns everything that a terminal of so many columns shows of the answers.

    Args:
        answers: One for each comparison.
        objective: The name of what the settings are judged by.
        width: Columns of the terminal; no number breaks across lines.
    """
    blocks = [block for answer in answers for block in _blocks(answer, objective, width)]
    return "\n\n".join(blocks)


def settings_table(settings: Sequence[Setting], objective: str, width: int) -> str:
    """Returns the best settings as a table, and how many more there are."""
    keys = [key for key in (settings[0].values if settings else ()) if _differs(key, settings)]
    shown = settings[:MOST_ROWS]
    text = drawn(_wide(shown, keys, objective), 10_000)
    if max(map(len, text.splitlines())) > width:
        text = drawn(_narrow(shown, keys, objective), width)
    left = len(settings) - len(shown)
    return f"{text}\n... and {left} settings more" if left > 0 else text


def effects_line(settings: Sequence[Setting]) -> str:
    """Returns which keys made the difference, the largest first; empty where nothing is swept."""
    if len(settings) < 2:
        return ""
    found = effects_of(settings)
    if found.why_not:
        return f"effects: unknown ({found.why_not})"
    short = short_keys([key for key in found.shares if " x " not in key])
    largest_first = sorted(found.shares.items(), key=lambda item: -item[1])
    named = [
        f"{' x '.join(short.get(key, key) for key in name.split(' x '))} {share:.0%}"
        for name, share in largest_first
        if share >= _LEAST_SHARE
    ]
    part = f" ({found.part})" if found.part else ""
    return f"share of the variance{part}: {', '.join(named)}"


def drawn(table: Table, width: int) -> str:
    """Returns a table as text without colours or blanks at the ends of lines."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue().replace("\xa0", " ")
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def _blocks(answer: Answer, objective: str, width: int) -> list[str]:
    heading = f"{answer.heading}: " if answer.heading else ""
    texts = [heading + sentence(answer), *(f"- {note}" for note in notes(answer)), effects_line(answer.settings)]
    lines = [line for text in texts if text for line in _wrapped(visible(text), width)]
    return [settings_table(answer.settings, objective, width), "\n".join(lines)]


def _wrapped(text: str, width: int) -> list[str]:
    held = text.replace(" ± ", "\xa0±\xa0")  # a number stays with its noise
    lines = textwrap.wrap(held, max(20, width), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return [line.replace("\xa0", " ") for line in lines]


def _wide(settings: Sequence[Setting], keys: Sequence[str], objective: str) -> Table:
    short = short_keys(keys)
    heads = _number_heads(settings, objective)
    table = _table("#", *_sweeps(settings), *(short[key] for key in keys), *heads)
    for place, one in enumerate(settings, start=1):
        cells = [one.sweep] * len(_sweeps(settings)) + [one.values[key] for key in keys]
        table.add_row(str(place), *(Text(visible(cell)) for cell in cells), *_numbers(one, settings))
    return table


def _narrow(settings: Sequence[Setting], keys: Sequence[str], objective: str) -> Table:
    """One column for all keys, which wraps between them."""
    short = short_keys(keys)
    table = _table("#", "setting", *_number_heads(settings, objective))
    table.columns[1].no_wrap = False
    table.columns[1].overflow = "fold"
    for place, one in enumerate(settings, start=1):
        label = ", ".join(f"{short[key]}={one.values[key]}" for key in keys)
        label = f"{one.sweep}: {label}" if _sweeps(settings) else label
        table.add_row(str(place), Text(visible(label)), *_numbers(one, settings))
    return table


def _numbers(one: Setting, settings: Sequence[Setting]) -> list[str]:
    predicted_settings = [predicted_text(one)] if _predicted(settings) else []
    numbers = [cell.replace(" ± ", "\xa0±\xa0") for cell in (*predicted_settings, measured(one.mean, one.deviation))]
    return [*numbers, str(one.count), *([one.state] if _states(settings) else [])]


def _number_heads(settings: Sequence[Setting], objective: str) -> list[str]:
    return [*_predicted(settings), objective, "seeds", *_states(settings)]


def _predicted(settings: Sequence[Setting]) -> list[str]:
    return ["predicted"] if any(one.predicted for one in settings) else []


def _sweeps(settings: Sequence[Setting]) -> list[str]:
    return ["sweep"] if len({one.sweep for one in settings}) > 1 else []


def _states(settings: Sequence[Setting]) -> list[str]:
    return ["state"] if any(one.state for one in settings) else []


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(Text(column), no_wrap=True)
    return table


def _differs(key: str, settings: Sequence[Setting]) -> bool:
    return len({one.values[key] for one in settings}) > 1
