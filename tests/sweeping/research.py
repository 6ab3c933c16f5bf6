"""Runs the sweeps of sweeps/ and writes the table of what came out into sweeps/README.md: `make research`.

What completed before is not run again, so the table alone takes a minute.
"""

import subprocess
import sys
from itertools import chain
from pathlib import Path

from d9d_lr.comparing.words import notes, sentence
from d9d_lr.runs.results import read_result
from d9d_lr.sweeping.summary import read_summary

REPO = Path(__file__).resolve().parents[2]
SWEEPS = REPO / "sweeps"
README = SWEEPS / "README.md"
FOLDERS = REPO / "multirun" / "research"
BEGIN, END = "<!-- written by `make research`: begin -->\n", "<!-- written by `make research`: end -->\n"
HEAD = "| sweep | validation losses | seeds | steps as written | steps trained | times fewer |\n| --- |" + " --- |" * 5


def names():
    """Returns the names of the sweeps that ask a question."""
    return sorted(path.stem for path in SWEEPS.glob("*.yaml") if path.stem not in ("base", "smoke"))


def run(name):
    """Runs what is left of a sweep; its branches are kept, for what they trained is counted."""
    how = ("train.num_threads=1", "sweep.keep_branches=true", f"hydra.sweep.dir={FOLDERS / name}")
    command = [sys.executable, "-m", "d9d_lr.train", "-cd", str(SWEEPS), "-cn", name, *how]
    subprocess.run(command, check=True, cwd=REPO)


def table(folders):
    """Returns the rows, and what each sweep answers, as Markdown."""
    summaries = [(folder, read_summary(folder)) for folder in folders]
    rows = [_row(folder, summary) for folder, summary in summaries]
    answers = [f"- `{folder.name}`: {line}" for folder, summary in summaries for line in _answers(summary)]
    return "\n".join([HEAD, *rows, "", *answers, ""])


def losses(settings):
    """Returns the mean loss of each setting, one line for all that differ in the key with the most values only."""
    values = {key: {one.values[key] for one in settings} for key in settings[0].values}
    along = max(values, key=lambda key: len(values[key]))
    lines = {}
    for one in sorted(settings, key=lambda one: _in_order(one.values[along])):
        rest = "".join(f"{key}={value}, " for key, value in one.values.items() if key != along)
        loss = "failed" if one.mean is None else f"{one.mean:.3f}"
        lines.setdefault(rest, []).append(f"{one.values[along]}: {loss}")
    return "<br>".join(f"{rest}{along}={', '.join(line)}" for rest, line in sorted(lines.items()))


def _row(folder, summary):
    seeds = max(one.count for one in summary.settings)
    written = sum(row.total_steps for row in summary.rows)
    trained = sum(read_result(path.parent).trained_steps for path in folder.rglob("result.json"))
    cells = (losses(summary.settings), seeds, written, trained, f"{written / trained:.1f}")
    return f"| `{folder.name}` | " + " | ".join(map(str, cells)) + " |"


def _answers(summary):
    for answer in summary.answers:
        heading = f"{answer.heading}: " if answer.heading else ""
        yield "; ".join(chain([heading + sentence(answer)], notes(answer)))


def _in_order(value):
    """Sorts numbers by what they are, before names."""
    try:
        return 0, float(value), ""
    except ValueError:
        return 1, 0.0, value


def main():
    """Runs the sweeps and replaces the table."""
    for name in names():
        run(name)
    before, rest = README.read_text().split(BEGIN)
    after = rest.split(END)[1]
    README.write_text(before + BEGIN + table([FOLDERS / name for name in names()]) + END + after)


if __name__ == "__main__":
    main()
