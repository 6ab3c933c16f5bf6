"""accelerate: a scheduler that is stepped once for each optimizer step, however many processes there are.

`accelerator.prepare(scheduler)` steps once for each process, because it takes `total_steps` for the steps that one
process alone would need; a schedule of 1 000 steps is over after 125 with 8 processes. Here `total_steps` is what it is
everywhere else, the number of optimizer steps of the run.
"""

from __future__ import annotations

from typing import Any

from d9d_lr.provider.protocols import LRSchedulerProtocol


def prepare_scheduler(accelerator: Any, scheduler: LRSchedulerProtocol) -> Any:
    """Prepares a scheduler in place of `accelerator.prepare`.

    Call its `step()` after every `optimizer.step()`, micro-batches of an accumulation included: accelerate passes on
    one call for each step that the optimizer made, and saves and loads it with `save_state` and `load_state`.

    Args:
        accelerator: The `Accelerator`; the optimizer is prepared already.
        scheduler: What a provider built.

    Returns:
        The `AcceleratedScheduler`.
    """
    prepared = accelerator.prepare_scheduler(scheduler)
    prepared.split_batches = True  # accelerate's word for: the number of processes changes nothing
    return prepared
