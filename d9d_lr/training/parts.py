"""Building the parts of a run, and putting them where its checkpoint says."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.optim import Optimizer

from d9d_lr.composing.targets import TargetConfig
from d9d_lr.diagnostics.problems import RunError
from d9d_lr.diagnostics.visible import in_one_line
from d9d_lr.provider.context import DistributedContext, InitializeLRSchedulerContext
from d9d_lr.training.assignment import Assignment
from d9d_lr.training.begin import checkpoint_to_begin_from, past_of
from d9d_lr.training.checkpoints import load_checkpoint
from d9d_lr.training.environment import check_processes, device_type
from d9d_lr.training.kept_promise import check_said
from d9d_lr.training.loop import Past, Run
from d9d_lr.training.optimizers.build import build_optimizer
from d9d_lr.training.optimizers.settings import OptimizerConfig
from d9d_lr.training.plan import SchedulePlan
from d9d_lr.training.processes import all_gather
from d9d_lr.training.randomness import seed_model
from d9d_lr.training.resume import find_checkpoint, log_changes, restore
from d9d_lr.training.schedule_plan import plan_to_follow
from d9d_lr.training.scheduled import with_base_values
from d9d_lr.training.schedulers import build_scheduler
from d9d_lr.training.tasks.build import build_task
from d9d_lr.training.tasks.protocol import Task
from d9d_lr.training.threads import threads_for_process


def prepare(assignment: Assignment) -> Run:
    """Builds every part of the run in a folder, in the state of its checkpoint if there is one. Writes nothing.

    Raises:
        ConfigError: If the settings cannot be followed here.
        RunError: If no checkpoint can be read, or it does not fit.
    """
    settings, config, portion = assignment.settings, assignment.config, assignment.portion
    torch.set_num_threads(threads_for_process(config.num_threads))
    context = DistributedContext.from_env(device_type(config.device))
    check_processes(settings, context.world_size)
    checkpoint = find_checkpoint(settings, assignment.folder)
    plan = plan_to_follow(settings, checkpoint)
    begin = None if checkpoint else checkpoint_to_begin_from(assignment, plan, context)

    run = _at_step_0(assignment, plan, build_task(settings.task), context)
    if begin or run.saves:
        optimizer = build_optimizer(_with_bases(settings.optimizer, plan), run.model)
        check_said(plan, _context(context, plan, optimizer), begin.step if begin else run.saves[-1])
    start = checkpoint or begin
    if start:
        if checkpoint:
            log_changes(checkpoint, settings)
        restore(run, start)
        run.past = past_of(run, start, portion.begin if begin else None)
    return run


def prepare_together(assignment: Assignment) -> Run:
    """Prepares in every process, so that either all of them train, from one step, or none does.

    Raises:
        ConfigError: If the settings cannot be followed in this process.
        RunError: If another process cannot start, or would start at another step.
    """
    run, trouble = None, None
    try:
        run = prepare(assignment)
    except Exception as error:
        trouble = error
    said = all_gather((run.step if run else None, in_one_line(trouble) if trouble else ""))
    if trouble:
        raise trouble
    for rank, (step, text) in enumerate(said):
        if step is None:
            raise RunError(f"process {rank} cannot start: {text}")
    assert run is not None
    if len({step for step, _ in said}) > 1:
        steps = ", ".join(f"process {rank} at {step}" for rank, (step, _) in enumerate(said))
        raise RunError(
            f"the processes would start at different steps, {steps}; all of them must see {assignment.folder}"
        )
    return run


def on_the_way(run: Run) -> Iterator[Run]:
    """Yields a run that begins from another one as it was where that one was saved on its way."""
    for path in run.past.taken:
        checkpoint = load_checkpoint(path)
        earlier = _at_step_0(run.assignment, run.plan, run.task, run.context)
        restore(earlier, checkpoint)
        earlier.past = Past(checkpoint.step)
        yield earlier


def _at_step_0(assignment: Assignment, plan: SchedulePlan, task: Task, context: DistributedContext) -> Run:
    settings = assignment.settings
    seed_model(settings.train.seed)
    model = task.build_model().to(context.device)
    optimizer = build_optimizer(_with_bases(settings.optimizer, plan), model)
    scheduler = build_scheduler(plan, _context(context, plan, optimizer))
    return Run(assignment, context, task, model, optimizer, scheduler, plan)


def _context(context: DistributedContext, plan: SchedulePlan, optimizer: Optimizer) -> InitializeLRSchedulerContext:
    return InitializeLRSchedulerContext(dist_context=context, total_steps=plan.total_steps, optimizer=optimizer)


def _with_bases(config: OptimizerConfig | TargetConfig, plan: SchedulePlan) -> OptimizerConfig | TargetConfig:
    """Returns the optimizer's settings with what the plan's schedules multiply; under `keep` those are the old ones."""
    if not isinstance(config, TargetConfig):
        return config.model_copy(update={**with_base_values(dict(config), plan.base_values), "lr": plan.base_lr})
    others = {name: value for name, value in config.arguments.items() if name != "lr"}
    own = {} if plan.base_lr is None else {"lr": plan.base_lr}
    return config.model_copy(update={"arguments": with_base_values(others, plan.base_values) | own})
