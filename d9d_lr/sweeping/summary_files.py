"""The summary of a sweep as files: `sweep.csv` for programs, `sweep.md` for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from d9d_lr.comparing.folding import Setting
from d9d_lr.comparing.predicted import predicted_text
from d9d_lr.comparing.words import notes, sentence
from d9d_lr.diagnostics.visible import no_formula, visible
from d9d_lr.runs.atomic import write_text_whole
from d9d_lr.runs.folders import SweepFolder
from d9d_lr.runs.record import RecordedPoint
from d9d_lr.sweeping.summary import Summary


def write_summary(sweep_folder: Path, summary: Summary) -> None:
    """Writes the table for programs and the one for people, each whole or not at all."""
    files = SweepFolder(sweep_folder)
    table = list(_table(summary))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([no_formula(cell) for cell in row] for row in table)
    write_text_whole(files.table, text.getvalue())
    write_text_whole(files.markdown, _markdown(summary, table))


def _table(summary: Summary) -> Iterator[list[str]]:
    """Yields the header and the rows, every value in full; beside each run stands its setting."""
    yield from ([visible(cell) for cell in row] for row in _cells(summary))


def _cells(summary: Summary) -> Iterator[list[str]]:
    swept, metrics = summary.swept, summary.metrics
    told_heads = ["predicted", "predicted_low", "predicted_high"] if _predicted(summary) else []
    beside_heads = ["setting", f"setting_{summary.objective}", "setting_deviation", "setting_seeds"]
    heads = ["rank", *swept, "status", summary.objective, *told_heads, *metrics, "seconds", *beside_heads]
    yield [*heads, "error", "command"]
    beside = {place: cells for number, one in enumerate(summary.settings, 1) for place, cells in _beside(number, one)}
    for place, row in enumerate(summary.rows):
        yield [
            _text(row.rank),
            *(row.point.changed.get(key, "") for key in swept),
            row.status,
            _text(row.objective),
            *(_told(row.point) if told_heads else []),
            *(_text(row.metrics.get(name)) for name in metrics),
            "" if row.seconds is None else f"{row.seconds:.2f}",
            *beside[place],
            row.error,
            row.point.command,
        ]


def _predicted(summary: Summary) -> bool:
    return any(row.point.predicted for row in summary.rows)


def _told(point: RecordedPoint) -> list[str]:
    loss = point.predicted
    return ["", "", ""] if loss is None else [repr(loss.loss), repr(loss.low), repr(loss.high)]


def _beside(number: int, setting: Setting) -> Iterator[tuple[int, list[str]]]:
    cells = [str(number), _text(setting.mean), _text(setting.deviation), str(setting.count)]
    yield from ((place, cells) for place in setting.points)


def _text(value: float | None) -> str:
    return "" if value is None else repr(value)


def _markdown(summary: Summary, table: Sequence[Sequence[str]]) -> str:
    """Returns the answer, the settings and the runs."""
    parts = []
    for answer in summary.answers:
        heading = f"{answer.heading}: " if answer.heading else ""
        parts.append(f"**{visible(heading + sentence(answer))}**\n")
        parts += [f"- {visible(note)}" for note in notes(answer)] + [""] * bool(notes(answer))
    if summary.against_real:
        parts.append(f"{visible(summary.against_real)}\n")
    header, *rows = table
    return "\n".join(
        [
            *parts,
            "## Settings\n",
            _markdown_table(_settings_table(summary)),
            "## Runs\n",
            _markdown_table([header, *([*row[:-1], f"`{row[-1]}`"] for row in rows)]),
            *_left_out(summary),
        ]
    )


def _left_out(summary: Summary) -> Iterator[str]:
    """Yields what a law kept from being run."""
    if summary.left_out:
        keys = list(dict.fromkeys(key for point in summary.left_out for key in point.changed))
        rows = [
            [*(point.changed.get(key, "") for key in keys), *_told(point), f"`{point.command}`"]
            for point in summary.left_out
        ]
        yield "## Left out by prediction\n"
        yield _markdown_table([[*keys, "predicted", "low", "high", "command"], *rows])


def _settings_table(summary: Summary) -> Iterator[list[str]]:
    keys = list(summary.settings[0].values)
    predicted = ["predicted"] if _predicted(summary) else []
    yield ["setting", *keys, *predicted, summary.objective, "deviation", "seeds", "state", "command"]
    for number, one in enumerate(summary.settings, start=1):
        measures = [_text(one.mean), _text(one.deviation), str(one.count)]
        beside = [predicted_text(one)] if predicted else []
        cells = [str(number), *(one.values[key] for key in keys), *beside, *measures, one.state]
        yield [*cells, f"`{summary.repeats(one)}`"]


def _markdown_table(table: Iterable[Sequence[str]]) -> str:
    header, *rows = [[visible(cell).replace("|", "\\|") for cell in row] for row in table]
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
