"""One training run, from validated settings to what it leaves in its folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import assert_never

import torch

from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.resolve_settings import fingerprint
from d9d_lr.config.settings import Settings, TargetConfig
from d9d_lr.files import held, write_text_whole
from d9d_lr.problems import ConfigError, RunError
from d9d_lr.provider.context import DistributedContext, InitializeLRSchedulerContext
from d9d_lr.training.checkpoints import (
    CHECKPOINTS_DIR,
    Checkpoint,
    prune,
    remove_all,
    rolling_path,
    save_checkpoint,
)
from d9d_lr.training.display import Display, show_summary
from d9d_lr.training.interrupts import Interrupts, watched_interrupts
from d9d_lr.training.loop import Row, Run, train
from d9d_lr.training.metrics import MetricsFile
from d9d_lr.training.optimizers import build_optimizer
from d9d_lr.training.processes import Job, announce, launched_with_others
from d9d_lr.training.randomness import seed_model
from d9d_lr.training.records import (
    CHECKPOINT_FILE,
    METRICS_FILE,
    OBJECTIVE,
    RESULT_FILE,
    SCHEDULE_FILE,
    RunResult,
    Status,
    read_metrics,
    write_result,
)
from d9d_lr.training.resume import (
    check_same_work,
    find_checkpoint,
    log_changes,
    restore,
    restore_scheduler,
    schedule_fingerprint,
)
from d9d_lr.training.schedulers import build_scheduler
from d9d_lr.training.surroundings import check_processes, device_type
from d9d_lr.training.task import build_task
from d9d_lr.training.threads import threads_for_process

log = logging.getLogger(__name__)


def run_training(settings: Settings, folder: Path, overrides: list[str], summary: bool = True) -> float:
    """Trains in a run folder, going on from what is there if `train.resume` says so.

    Args:
        settings: The validated settings.
        folder: The run folder; it exists.
        overrides: What was typed, for `result.json`.
        summary: Whether to print a screen at the end.

    Returns:
        The objective: the final validation loss.

    Raises:
        ConfigError: If the settings cannot be followed here: no such device, a damaged text file, a changed schedule.
        RunError: If the surroundings stop the run.
        KeyboardInterrupt: If it was interrupted, after saving.
    """
    with held(folder):
        if launched_with_others():
            announce(Job(settings, folder))
        try:
            run, result = _train_and_record(settings, folder, overrides)
        except Exception as error:
            _record_failure(settings, folder, overrides, error)
            raise
    if result.status == "interrupted":
        again = " ".join([*overrides, f"hydra.run.dir={folder}"])
        log.warning("interrupted after step %d, saved; go on with: python -m d9d_lr.train %s", run.step, again)
        raise KeyboardInterrupt
    if summary:
        rows = [row for row in read_metrics(folder) if OBJECTIVE in row]
        show_summary(settings, result, rows[0], folder)
    assert result.objective is not None
    return result.objective


def serve_training(settings: Settings, folder: Path) -> None:
    """Trains as one of the ranks above 0, which write nothing."""
    with watched_interrupts() as interrupts:
        run = _prepare(settings, folder)[0]
        train(run, interrupts, lambda step, row: None, lambda: None)


def _train_and_record(settings: Settings, folder: Path, overrides: list[str]) -> tuple[Run, RunResult]:
    run, started_at = _prepare(settings, folder)
    _clear_for(run, settings, folder)
    quiet = not run.context.is_main_process
    with watched_interrupts() as interrupts, MetricsFile(folder, started_at) as metrics:

        def save() -> None:
            metrics.sync()
            save_checkpoint(rolling_path(folder, run.step), _checkpoint(run, settings))
            prune(folder, settings.train.keep_checkpoints)

        def record(step: int, row: Row) -> None:
            metrics.write(step, row)
            display.show(step, row)

        with Display(settings.train.total_steps, quiet) as display:
            try:
                train(run, interrupts, record, save)
            except RuntimeError as error:
                if run.context.world_size == 1 or isinstance(error, RunError):
                    raise
                save()
                reason = f"another process of this run ended: {str(error).splitlines()[0]}"
                raise RunError(f"{reason}; saved step {run.step}, the same command goes on from there") from error
        status = _finish(run, settings, folder, interrupts, save)
    result = _result(run, settings, folder, status, overrides)
    write_result(folder, result)
    return run, result


def _clear_for(run: Run, settings: Settings, folder: Path) -> None:
    """Makes the folder say that this run is going on, and is not the one that ended here before."""
    (folder / RESULT_FILE).unlink(missing_ok=True)
    if settings.train.resume == "never":
        remove_all(folder)
    if run.step < settings.train.total_steps and (folder / CHECKPOINT_FILE).exists():
        (folder / CHECKPOINTS_DIR).mkdir(exist_ok=True)
        (folder / CHECKPOINT_FILE).replace(rolling_path(folder, run.step))
    if not (run.step and settings.train.on_schedule_change == "keep"):
        write_text_whole(folder / SCHEDULE_FILE, _schedule_json(settings.lr))


def _finish(run: Run, settings: Settings, folder: Path, interrupts: Interrupts, save: Callable[[], None]) -> Status:
    if run.step < settings.train.total_steps:
        save()
        return "interrupted"
    save_checkpoint(folder / CHECKPOINT_FILE, _checkpoint(run, settings))
    return "completed"


def _prepare(settings: Settings, folder: Path) -> tuple[Run, int]:
    """Builds every part, and puts them where the checkpoint says, if there is one."""
    config = settings.train
    torch.set_num_threads(threads_for_process(config.num_threads))
    context = DistributedContext.from_env(device_type(config.device))
    check_processes(settings, context.world_size)
    checkpoint = find_checkpoint(config.resume, folder)
    if checkpoint:
        check_same_work(checkpoint, settings)
    task = build_task(settings.task)
    seed_model(config.seed)
    model = task.build_model().to(context.device)
    optimizer = build_optimizer(settings.optimizer, model.parameters())
    scheduler = build_scheduler(
        settings.lr,
        InitializeLRSchedulerContext(dist_context=context, total_steps=config.total_steps, optimizer=optimizer),
    )
    run = Run(config, context, task, model, optimizer, scheduler)
    if checkpoint:
        log_changes(checkpoint, settings)
        restore(checkpoint, model, optimizer)
        run.scheduler = restore_scheduler(checkpoint, scheduler, optimizer, settings)
        run.step, run.seconds = checkpoint.step, checkpoint.seconds
        log.info("going on from step %d", run.step)
    return run, run.step


def _checkpoint(run: Run, settings: Settings) -> Checkpoint:
    return Checkpoint(
        step=run.step,
        seconds=run.seconds,
        model=run.model.state_dict(),
        optimizer=run.optimizer.state_dict(),
        scheduler=run.scheduler.state_dict(),
        settings=settings.model_dump(mode="json"),
        schedule_fingerprint=schedule_fingerprint(run.scheduler, settings),
    )


def _result(run: Run, settings: Settings, folder: Path, status: Status, overrides: list[str]) -> RunResult:
    rows = [row for row in read_metrics(folder) if OBJECTIVE in row]
    final = {name: value for name, value in rows[-1].items() if name not in ("lr", "train_loss")} if rows else {}
    best = min(rows, key=lambda row: row[OBJECTIVE], default={})
    return RunResult(
        status=status,
        objective=final.get(OBJECTIVE),
        final=final,
        best={name: value for name, value in best.items() if name not in ("lr", "train_loss")},
        steps=run.step,
        total_steps=settings.train.total_steps,
        seconds=run.seconds,
        fingerprint=fingerprint(settings),
        overrides=overrides,
    )


def _record_failure(settings: Settings, folder: Path, overrides: list[str], error: Exception) -> None:
    """Writes why a run failed; a refusal leaves what an earlier run left in the folder as it is."""
    if isinstance(error, ConfigError) and (folder / METRICS_FILE).exists():
        return
    rows = list(read_metrics(folder))
    result = RunResult(
        status="failed",
        objective=None,
        final={},
        best={},
        steps=int(rows[-1]["step"]) if rows else 0,
        total_steps=settings.train.total_steps,
        seconds=0.0,
        fingerprint=fingerprint(settings),
        overrides=overrides,
        error=" ".join(str(error).split()) or type(error).__name__,
    )
    with suppress(OSError):  # a full disk is told by the error itself
        write_result(folder, result)


def _schedule_json(config: PiecewiseConfig | TargetConfig) -> str:
    match config:
        case PiecewiseConfig():
            return config.model_dump_json(indent=2) + "\n"
        case TargetConfig():
            return json.dumps({"_target_": config.target, **config.arguments}, indent=2) + "\n"
        case _:
            assert_never(config)
