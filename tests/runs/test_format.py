"""The format of folders is written down once."""

import re
import sys

import pytest

from d9d_lr.runs.folders import ReportFolder, RunFolder, SweepFolder


def properties(kind, path):
    """The name of every file of a folder, by property."""
    folder = kind(path)
    names = [name for name in vars(kind) if isinstance(vars(kind)[name], property)]
    return {name: getattr(folder, name).relative_to(path).as_posix() for name in names}


def test_what_a_run_leaves(tmp_path):
    assert properties(RunFolder, tmp_path) == {
        "schedule": "schedule.json",
        "metrics": "metrics.jsonl",
        "result": "result.json",
        "error": "error.txt",
        "schedules": "schedules.json",
        "checkpoint": "checkpoint.pt",
        "checkpoints": "checkpoints",
        "composed": ".hydra/config.yaml",
        "overrides": ".hydra/overrides.yaml",
        "hydra": ".hydra/hydra.yaml",
        "mlflow_run": ".mlflow",
    }
    assert RunFolder(tmp_path).checkpoint_after(200).relative_to(tmp_path).as_posix() == "checkpoints/step-000000200.pt"


def test_what_a_sweep_and_a_report_leave(tmp_path):
    assert properties(SweepFolder, tmp_path) == {
        "record": "sweep.json",
        "table": "sweep.csv",
        "markdown": "sweep.md",
        "composed": "multirun.yaml",
        "hidden": ".sweep",
        "branches": ".sweep/branches",
        "mlflow_run": ".mlflow",
    }
    assert properties(ReportFolder, tmp_path) == {"page": "report.html"}
    assert ReportFolder(tmp_path).figure("losses").name == "report_losses.png"


def test_checkpoints_on_the_way_come_newest_first(tmp_path):
    folder = RunFolder(tmp_path)
    folder.checkpoints.mkdir()
    for name in ("000000002.pt", "000000011.pt", "1000000000.pt", "3.pt", "000000004.pt.damaged"):
        (folder.checkpoints / f"step-{name}").touch()
    assert [path.name for path in folder.checkpoints_on_the_way()] == [
        "step-1000000000.pt", "step-000000011.pt", "step-000000002.pt",
    ]  # fmt: skip


NAMES = re.compile(
    r"schedule\.json|metrics\.jsonl|result\.json|error\.txt|checkpoint\.pt|step-|sweep\.(json|csv|md)|multirun\.yaml"
    r"|overrides\.yaml|hydra\.yaml|[\"']\.(hydra|sweep|mlflow)\b|report\.html"
)
PROSE = re.compile(r'"""(?:.|\n)*?"""|#.*')


@pytest.mark.parametrize("room", ["training", "sweeping", "reporting", "tracking", "plotting"])
def test_no_other_room_names_a_file_of_a_folder(room, repo):
    """In code, that is; and page.py has a template called report.html."""
    found = []
    for path in sorted((repo / "d9d_lr" / room).rglob("*.py")):
        code = PROSE.sub("", path.read_text()).replace('_asset("report.html")', "")
        found += [f"{path.relative_to(repo)}: {line}" for line in code.splitlines() if NAMES.search(line)]
    assert found == []


def test_the_format_needs_nothing_of_ours_but_diagnostics(repo):
    names = re.compile(r"^\s*(?:from|import) ([\w.]+)", re.MULTILINE)
    code = "".join(path.read_text() for path in (repo / "d9d_lr" / "runs").glob("*.py"))
    found = {name for name in names.findall(code) if name.partition(".")[0] not in sys.stdlib_module_names}
    assert {".".join(name.split(".")[:2]) for name in found} == {
        "d9d_lr.runs",
        "d9d_lr.diagnostics",
        "pydantic",
        "yaml",
    }
