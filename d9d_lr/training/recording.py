"""What the first process writes into the run folder while a run goes on, and when it ends."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import assert_never

from d9d_lr.composing.targets import TargetConfig
from d9d_lr.config.in_steps import in_steps
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.diagnostics.problems import RunError
from d9d_lr.diagnostics.visible import in_one_line
from d9d_lr.runs.atomic import remove_partials, set_aside, write_text_whole
from d9d_lr.runs.errors import write_error
from d9d_lr.runs.folders import RunFolder
from d9d_lr.runs.metrics import MetricsFile, has_damage_inside, lines_before, read_metrics
from d9d_lr.runs.reading import DamagedError
from d9d_lr.runs.results import OBJECTIVE, RunResult, Status, read_result, write_result
from d9d_lr.sweeping.pruning import Judge
from d9d_lr.tracking.protocol import Tracker
from d9d_lr.training.assignment import Assignment
from d9d_lr.training.begin import history_of
from d9d_lr.training.checkpoints import Checkpoint, prune, remove_all, reopen, save_checkpoint
from d9d_lr.training.display import Display
from d9d_lr.training.fingerprint import settings_fingerprint, storable
from d9d_lr.training.loop import Observer, Row, Run
from d9d_lr.training.parts import on_the_way
from d9d_lr.training.plan import SchedulePlan

log = logging.getLogger(__name__)


@contextmanager
def recording(run: Run, tracker: Tracker, judge: Judge | None = None) -> Iterator[Recorder]:
    """Makes the folder say that this run is going on, and records it."""
    folder = run.assignment.folder
    kept = lines_before(run.step, run.past.from_folder or folder) if run.step else []
    _clear(run)
    for row in map(json.loads, kept if run.past.from_folder else ()):  # what others trained, as if it were trained here
        tracker.log(int(row.pop("step")), row)
    with MetricsFile(folder, kept) as metrics, Display(run.config.last_step) as display:
        for earlier in on_the_way(run):
            metrics.sync()
            path, lines = RunFolder(folder).checkpoint_after(earlier.step), lines_before(earlier.step, folder)
            save_checkpoint(path, _checkpoint(earlier, len(lines)))
        yield Recorder(run, metrics, display, tracker, judge)


class Recorder(Observer):
    """Writes the metrics and checkpoints of a run that goes on, and shows them to the user."""

    def __init__(
        self, run: Run, metrics: MetricsFile, display: Display, tracker: Tracker, judge: Judge | None = None
    ) -> None:
        self._run, self._folder = run, run.assignment.folder
        self._metrics, self._display, self._tracker, self._judge = metrics, display, tracker, judge
        self.verdict: str | None = None

    def advance(self, step: int) -> None:
        """Shows how far the run is."""
        self._display.advance(step)

    def record(self, step: int, row: Row) -> None:
        """Writes, tracks and shows the row of a step."""
        self._metrics.write(step, row)
        self._tracker.log(step, row)
        self._display.show(step, row)
        if self._judge and OBJECTIVE in row:
            self.verdict = self.verdict or self._judge.verdict(step, row[OBJECTIVE])

    @property
    def wants_to_stop(self) -> bool:
        """Whether the run is clearly behind others."""
        return self.verdict is not None

    def save(self) -> None:
        """Saves a run that is on its way, and forgets the oldest checkpoints."""
        self._save_at(RunFolder(self._folder).checkpoint_after(self._run.step))
        config = self._run.config
        needed = {step for save in self._run.saves for step in (save, *config.on_the_way.held_at(save))}
        prune(self._folder, config.keep_checkpoints, needed)

    def save_end(self) -> None:
        """Saves a run that has done all its steps."""
        self._save_at(RunFolder(self._folder).checkpoint)

    def _save_at(self, path: Path) -> None:
        self._metrics.sync()
        save_checkpoint(path, _checkpoint(self._run, self._metrics.count_before(self._run.step)))
        self._run.saved_step = self._run.step


def record_end(run: Run, verdict: str | None = None) -> RunResult:
    """Writes the result of a run that has done all its steps, or was stopped before: by a verdict, or interrupted."""
    stopped: Status = "pruned" if verdict else "interrupted"
    status = "completed" if run.step == run.stop else stopped
    result = _result(run.assignment, run, status, verdict if status == "pruned" else None)
    write_result(run.assignment.folder, result)
    return result


def record_failure(assignment: Assignment, run: Run | None, error: Exception) -> RunResult | None:
    """Writes why a run failed; a refusal leaves what an earlier run left in the folder as it is, and gives None."""
    folder = assignment.folder
    if run is None and RunFolder(folder).metrics.exists():
        return None
    write_error(folder, error)
    with suppress(OSError, RunError):  # a full disk, a folder that is gone: the error itself tells
        result = _result(assignment, run, "failed", in_one_line(error))
        write_result(folder, result)
        return result
    return None


def _result(assignment: Assignment, run: Run | None, status: Status, error: str | None = None) -> RunResult:
    rows = [row for row in read_metrics(assignment.folder) if OBJECTIVE in row]
    final = _metrics_of(rows[-1]) if rows else {}
    return RunResult(
        status=status,
        objective=final.get(OBJECTIVE) if status not in ("failed", "pruned") else None,
        final=final,
        best=_metrics_of(min(rows, key=lambda row: row[OBJECTIVE], default={})),
        steps=run.step if run else 0,
        total_steps=assignment.config.total_steps,
        stop_after=assignment.config.stop_after,
        seconds=run.seconds if run else 0.0,
        trained_steps=run.step - run.past.began if run else 0,
        fingerprint=settings_fingerprint(assignment.settings),
        overrides=list(assignment.overrides),
        error=error,
    )


def _clear(run: Run) -> None:
    """Takes away what belongs to a run that ended here before; checkpoints before the metrics they count on."""
    folder, config = run.assignment.folder, run.config
    files = RunFolder(folder)
    for place in (folder, files.checkpoints):
        remove_partials(place)
    _remove_result(folder)
    for path in (files.error, *files.errors().values()):
        path.unlink(missing_ok=True)
    if has_damage_inside(folder):
        log.info("%s is kept as %s", files.metrics, set_aside(files.metrics).name)
    if config.resume == "never":
        remove_all(folder)
    if run.step < config.last_step:
        reopen(folder, run.step)
    write_text_whole(files.schedule, _schedule_json(_lr_in_force(run)))
    if run.plan.schedules:
        write_text_whole(files.schedules, _schedules_json(run.plan, config.total_steps))
    else:
        files.schedules.unlink(missing_ok=True)


def _remove_result(folder: Path) -> None:
    path = RunFolder(folder).result
    try:
        read_result(folder)
        path.unlink(missing_ok=True)
    except DamagedError as error:
        log.warning("%s; it is kept as %s", error, set_aside(path).name)


def _metrics_of(row: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in row.items() if name == "step" or name.startswith("val_")}


def _checkpoint(run: Run, metrics_lines: int) -> Checkpoint:
    return Checkpoint(
        step=run.step,
        seconds=run.seconds,
        model=run.model.state_dict(),
        optimizer=run.optimizer.state_dict(),
        scheduler=run.scheduler.state_dict(),
        settings=storable(run.assignment.settings),
        plan=storable(run.plan),
        metrics_lines=metrics_lines,
        history=history_of(run) if run.past.known else "",
        began=run.past.began,
    )


def _lr_in_force(run: Run) -> PiecewiseConfig | TargetConfig:
    """Returns the schedule that is followed, one that no other file is needed to read.

    What is kept from a run of another length is counted in steps, and so is what is counted with a batch that changes.
    """
    plan, total_steps = run.plan, run.config.total_steps
    schedule = plan.schedule()
    if schedule is not None and (plan.total_steps != total_steps or plan.batch_sizes() is not None):
        return in_steps(schedule, total_steps)
    return plan.lr


def _schedules_json(plan: SchedulePlan, total_steps: int) -> str:
    """Writes what else is scheduled in steps, with what it multiplies."""
    content = {
        name: {
            "base_value": plan.base_of(name),
            "schedule": in_steps(schedule, total_steps).model_dump(mode="json"),
        }
        for name, schedule in plan.others().items()
    }
    return json.dumps(content, indent=2) + "\n"


def _schedule_json(config: PiecewiseConfig | TargetConfig) -> str:
    match config:
        case PiecewiseConfig():
            return config.model_dump_json(indent=2) + "\n"
        case TargetConfig():
            return json.dumps({"_target_": config.target, **config.arguments}, indent=2) + "\n"
        case _:
            assert_never(config)
