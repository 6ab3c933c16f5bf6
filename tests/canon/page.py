"""Writes docs/presets.md and its pictures, from the files and from the comparison: `make docs-presets`."""

import math
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from canon.cases import PRESETS
from canon.compare import batch_sizes_of, greatest_difference, schedule_of
from d9d_lr.composing.paths import SCHEDULES_DIR
from d9d_lr.plotting.window import steps_to_draw

DOCS = Path(__file__).resolve().parents[2] / "docs"
COLUMNS = 4

INTRO = """\
# Presets: published schedules

Written by `make docs-presets`; do not edit. Each preset is a file below
[conf/schedules/lr](../conf/schedules/lr), compared with its source over whole runs, step for step. The greatest
difference is that of the multiplier, rounded up to a power of ten; a test keeps it. `make parity-field` compares with
transformers, timm, torchtitan, optax and ignite themselves.

A preset has a few numbers at its top, such as `lr.warmup_steps=200`. A model's preset has the published learning rates,
in the published units: a run of another length is refused, and `lr.stretch=true` lays its shape over the run at hand,
every boundary scaled exactly and rounded down, the peak at `optimizer.lr`:

```bash
python -m d9d_lr.train lr=models/deepseek_v3 lr.stretch=true
python -m d9d_lr.plot lr=models/deepseek_v3,models/olmo3_7b,models/moonlight lr.stretch=true
python -m d9d_lr.train -cd sweeps -cn canon sweep.dry_run=true
```

A batch that grows in numbers that its source states comes with the preset, as a schedule of shares of
`train.batch_size`; phases in tokens are counted with it, and `lr.batch_size=null` leaves it out ([more](anything.md)).

What no source states is not here: such a number is `???` in its file and must be typed, and where the stairs of a ramp
are not published the batch is that of the end of the run. Not here at all: schedules that look at the loss
(transformers' `reduce_lr_on_plateau` and `greedy`), and the long-context stages of which only a learning rate is
published (Llama 3, Nemotron 3 Nano), and those of Apertus, which stand in its scripts.
"""


def page():
    """Returns the text of docs/presets.md."""
    families = {
        family: sorted(name for name in PRESETS if name.startswith(f"{family}/")) for family in ("systems", "models")
    }
    parts = [INTRO]
    for family, names in families.items():
        parts += [f"## {family.capitalize()}\n", f"![The presets of {family}](presets_{family}.png)\n", _table(names)]
        parts += [_section(name) for name in names]
    return "\n".join(parts)


def comments(name):
    """Returns the comment lines of a file, by the word that they begin with."""
    lines = (SCHEDULES_DIR / "lr" / f"{name}.yaml").read_text().splitlines()
    found = (line.removeprefix("# ").split(": ", 1) for line in lines if line.startswith("# "))
    return dict(found)


def difference_of(name):
    """Returns the greatest difference over all cases, in words."""
    found = max(greatest_difference(name, case) for case in PRESETS[name].cases)
    return "0" if found == 0 else f"1e{math.ceil(math.log10(found)):d}"


def _table(names):
    rows = [f"| [{name}](#{_anchor(name)}) | {PRESETS[name].compared_with} | {difference_of(name)} |" for name in names]
    return "\n".join(["| preset | compared with | greatest difference |", "| --- | --- | --- |", *rows, ""])


def _anchor(name):
    return name.replace("/", "")


def _section(name):
    said = comments(name)
    what, use = said["Schedule"].split(" Use: ")
    phases = "".join(f"  {number}. {phase}\n" for number, phase in _shortened(list(_phases(name))))
    batch = f"- Batch: {_batches(name)}\n" if PRESETS[name].batch else ""
    return (
        f"### {name}\n\n{_sentence(what)} `{use}`\n\n{phases}\n{batch}- Source: {said['Source']}\n"
        f"- Boundary: {said['Boundary']}\n- Contested: {said['Contested']}\n"
    )


def _shortened(phases):
    """Numbers the phases, and leaves out the middle of very many."""
    numbered = list(enumerate(phases, 1))
    if len(numbered) <= 20:
        return numbered
    return [*numbered[:5], (6, f"... ({len(numbered) - 12} more like these)"), *numbered[-7:]]


def _sentence(text):
    return text[0].upper() + text[1:]


def _phases(name):
    case = PRESETS[name].cases[0]
    schedule = schedule_of(name, case)
    for phase in schedule.phases:
        ahead = ", a step ahead" if phase.laid_over == (phase.start_step - 1, phase.end_step - 1) else ""
        start = "" if phase.curve.label == "constant" else f" from {phase.start_multiplier:g}"
        where = f"steps {phase.start_step} to {phase.end_step} of {case.total_steps}"
        yield f"{phase.curve}{start} to {phase.target_multiplier:g}{ahead}, {where}".replace(
            "constant to", "constant at"
        )


def _batches(name):
    """Returns the sizes of a ramp, in its source's measure, and the step where each begins."""
    sizes = batch_sizes_of(name, PRESETS[name].cases[0])
    starts = [(step, float(share * PRESETS[name].full_batch)) for step, share in sizes.shares().pieces]
    return ", then ".join(f"{_count(size)} from step {step}" for step, size in starts)


def _count(size):
    return f"{size / 1e6:g}M" if size >= 1e6 else f"{size:g}"


def picture(family):
    """Returns a figure with a small plot for each preset of a family."""
    names = sorted(name for name in PRESETS if name.startswith(f"{family}/"))
    rows = math.ceil(len(names) / COLUMNS)
    figure = Figure(figsize=(10.0, 1.4 * rows))
    figure.subplots_adjust(left=0.04, right=0.99, bottom=0.03, top=1 - 0.25 / (1.4 * rows), wspace=0.2, hspace=0.5)
    grid = figure.subplots(rows, COLUMNS, squeeze=False).flat
    for axes in grid:
        axes.set_axis_off()
    for name, axes in zip(names, figure.axes, strict=False):
        case = PRESETS[name].cases[0]
        schedule = schedule_of(name, case)
        steps = steps_to_draw(schedule, case.total_steps - 1, max_points=400)
        axes.set_axis_on()
        axes.plot(steps, schedule.multipliers(steps), linewidth=1.2)
        axes.set_title(name.split("/")[1], fontsize=7)
        axes.tick_params(labelsize=6)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.set_ylim(bottom=0, top=1.05 * float(np.max(schedule.multipliers(steps))))
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def main():
    """Writes the page and its pictures."""
    (DOCS / "presets.md").write_text(page())
    for family in ("systems", "models"):
        picture(family).savefig(DOCS / f"presets_{family}.png", dpi=90)


if __name__ == "__main__":
    main()
