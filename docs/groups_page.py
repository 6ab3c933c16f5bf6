"""Writes reference/groups.md: the config groups of `lr`, and each packaged schedule with its picture."""

from pathlib import Path

from d9d_lr import ConfigError, build_schedule, compose_lr
from d9d_lr.composing.paths import SCHEDULES_DIR

STEPS = 1000
PHASE_GROUPS = {"warmup": 0, "hold": 1, "decay": 2}
HEAD = """# Config groups

Written from the files below `conf/schedules/lr` when this site is built. Published schedules of models and of training
systems are on [a page of their own](../presets.md), curves on [another](../curves.md).
"""


def write(folder: Path) -> None:
    """Writes the page and its pictures into a folder."""
    (folder / "schedules").mkdir(parents=True, exist_ok=True)
    parts = [HEAD, "## Whole schedules\n"]
    for file in sorted((SCHEDULES_DIR / "lr").glob("*.yaml")):
        parts.append(f"### `lr={file.stem}`\n\n{_comment(file)}\n")
        if picture := _picture(file.stem):
            (folder / "schedules" / f"{file.stem}.svg").write_text(picture, encoding="utf-8")
            parts.append(f"![The schedule {file.stem} over {STEPS} steps](schedules/{file.stem}.svg)\n")
    for group, position in PHASE_GROUPS.items():
        parts.append(f"## `lr/{group}@lr.phases.{position}=`\n\n| option | what it is |\n| --- | --- |")
        files = sorted((SCHEDULES_DIR / "lr" / group).glob("*.yaml"))
        parts += [f"| `{file.stem}` | {_comment(file)} |" for file in files]
        parts.append("")
    text = "\n".join(parts)
    page = folder / "groups.md"
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def _comment(file: Path) -> str:
    first = file.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")
    what, _, use = first.partition(" Use: ")
    return what.replace("|", "\\|") + (f" Use: `{use}`" if use else "")


def _picture(name: str) -> str:
    try:
        return build_schedule(compose_lr([f"lr={name}"], STEPS), STEPS).plot().svg.replace("currentColor", "#808080")
    except ConfigError:
        return ""  # a schedule that needs a number typed
