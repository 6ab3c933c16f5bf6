"""Several processes in one run, as torchrun starts them.

Rank 0 alone talks to Hydra, makes the run folder and writes; it broadcasts each run's settings and folder to the
other ranks, which serve them until there are no more. So there is one run folder, whatever the time on each machine.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.provider.context import DistributedContext
from d9d_lr.runs.launched import world_size
from d9d_lr.training.assignment import Assignment

T = TypeVar("T")


class _Group:
    """Whether the processes still move in step."""

    in_step = True


def launched_with_others() -> bool:
    """Whether torchrun started this process as one of several."""
    return world_size() > 1


def rank() -> int:
    """Returns the number of this process among those of the run, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def announce(assignment: Assignment | None) -> None:
    """Broadcasts an assignment to the other ranks; None means that there are no more.

    Raises:
        RunError: If a job before it failed in this process alone, so that the others wait for what will not come.
    """
    if not _Group.in_step:
        raise RunError("a run before this one lost touch with the other processes; start the same command again")
    _start_group()
    dist.broadcast_object_list([assignment], src=0)


def await_assignment() -> Assignment | None:
    """Waits for rank 0's next assignment."""
    _start_group()
    received: list[Assignment | None] = [None]
    dist.broadcast_object_list(received, src=0)
    return received[0]


def lose_touch() -> None:
    """Notes that this process left a run that the others are still in, so that no other run can follow."""
    _Group.in_step = not launched_with_others()


def stay_to_report() -> None:
    """Ignores SIGTERM, by which torchrun ends every process once one is gone, so that this one can say why."""
    if launched_with_others():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def leave() -> None:
    """Ends this process's part in the group."""
    if dist.is_initialized():
        gc.collect()  # of models that were trained together: once, one that outlived the group aborted the process
        dist.destroy_process_group()


def is_lost_process(error: Exception) -> bool:
    """Whether an error says that another process of the group is gone."""
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        isinstance(error, dist.DistError) or "gloo" in text or "connection closed by peer" in text
    )


def all_gather(value: T) -> list[T]:
    """Returns the value of each rank, in the order of the ranks."""
    values: list[T] = [value] * dist.get_world_size()
    dist.all_gather_object(values, value)
    return values


def broadcast_from_first(compute: Callable[[], T], context: DistributedContext) -> T:
    """Computes in rank 0 alone, and returns the result in every rank."""
    if context.world_size == 1:
        return compute()
    received = [compute() if context.is_main_process else None]
    dist.broadcast_object_list(received, src=0)
    return received[0]  # type: ignore[return-value]


def any_process(asked: bool, context: DistributedContext) -> bool:
    """Whether the answer is yes in any rank."""
    if context.world_size == 1:
        return asked
    answer = torch.tensor(int(asked))
    dist.all_reduce(answer, op=dist.ReduceOp.MAX)
    return bool(answer)


def mean_over_processes(value: Tensor, context: DistributedContext) -> Tensor:
    """Returns the mean of a scalar over all processes, without its gradient."""
    value = value.detach()
    if context.world_size > 1:
        value = value.clone()
        dist.all_reduce(value)
        value /= context.world_size
    return value


def data_parallel(model: nn.Module, context: DistributedContext) -> nn.Module:
    """Wraps a model so that its gradients are averaged over all processes."""
    if context.world_size == 1:
        return model
    return DistributedDataParallel(model, device_ids=[context.local_rank] if context.device.type == "cuda" else None)


def shard(batch: tuple[Tensor, ...], context: DistributedContext) -> tuple[Tensor, ...]:
    """Returns this process's equal part of a global batch, on its device."""
    size = len(batch[0]) // context.world_size
    part = slice(context.rank * size, (context.rank + 1) * size)
    return tuple(_moved(tensor[part], context.device) for tensor in batch)


def _moved(tensor: Tensor, device: torch.device) -> Tensor:
    """Returns a tensor on a device, without waiting for what a GPU has to do before.

    Pinned memory is read later by the GPU itself, and a task may have written its next batch there by then: for that it
    waits.
    """
    return tensor.to(device, non_blocking=device.type == "cuda" and not tensor.is_pinned())


def _start_group() -> None:
    if not dist.is_initialized():
        with_cuda = torch.cuda.is_available() and dist.is_nccl_available()
        if with_cuda:
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        dist.init_process_group("cpu:gloo,cuda:nccl" if with_cuda else "gloo")
