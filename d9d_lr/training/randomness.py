"""Randomness as a function of the seed and the step, so that a resumed run needs no saved generator.

Before every step each process seeds Python's, numpy's and torch's generators from (seed, step, rank), and draws the
batch with a generator made from (seed, step). What happened before, evaluations included, leaves no trace.
"""

from __future__ import annotations

import random

import numpy as np
import torch

_BATCH, _STEP, _MODEL = range(3)


def seed_model(seed: int) -> None:
    """Seeds the global generators for building the model; the same in every process."""
    derived = _derived(seed, _MODEL)
    _seed_all(derived)
    torch.manual_seed(derived)  # every device, those that the task starts to use later too


def seed_step(seed: int, step: int, rank: int) -> None:
    """Seeds the global generators for one step, such as its dropout; different in every process."""
    _seed_all(_derived(seed, _STEP, step, rank))


def batch_generator(seed: int, step: int) -> torch.Generator:
    """Returns the generator of one step's global batch; the same in every process."""
    return torch.Generator().manual_seed(_derived(seed, _BATCH, step))


def _seed_all(derived: int) -> None:
    random.seed(derived)
    np.random.seed(derived % 2**32)
    torch.default_generator.manual_seed(derived)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        # `torch.manual_seed` would format a stack trace for a CUDA that is never used
        torch.cuda.manual_seed(derived)


def _derived(*entropy: int) -> int:
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> np.uint64(1))
