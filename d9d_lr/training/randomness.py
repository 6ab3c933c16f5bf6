"""Randomness as a function of the seed and the step, so that a resumed run needs no saved generator.

Before every step each process seeds Python's, numpy's and torch's generators from (seed, step, rank), and draws the
batch with a generator made from (seed, step). What happened before, evaluations included, leaves no trace.
"""

from __future__ import annotations

import random
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

_BATCH, _STEP, _MODEL = range(3)
_BLOCK = 256
"""Steps whose seeds are computed at once."""
_WORD = 2**32


def seed_model(seed: int) -> None:
    """Seeds the global generators for building the model; the same in every process."""
    derived = _of_sequence(seed, _MODEL)
    _seed_all(derived)
    torch.manual_seed(derived)  # every device, those that the task starts to use later too


def seed_step(seed: int, step: int, rank: int) -> None:
    """Seeds the global generators for one step, such as its dropout; different in every process."""
    _seed_all(_of_step(step, seed, _STEP, rank))


def batch_generator(seed: int, step: int) -> torch.Generator:
    """Returns the generator of one step's global batch; the same in every process."""
    return torch.Generator().manual_seed(_of_step(step, seed, _BATCH))


def _seed_all(derived: int) -> None:
    random.seed(derived)
    np.random.seed(derived % _WORD)
    torch.default_generator.manual_seed(derived)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        # `torch.manual_seed` would format a stack trace for a CUDA that is never used
        torch.cuda.manual_seed(derived)


def _of_sequence(*entropy: int) -> int:
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _of_step(step: int, seed: int, kind: int, *rank: int) -> int:
    """Returns `_of_sequence(seed, kind, step, *rank)`."""
    if max(seed, step) >= _WORD:  # two words each
        return _of_sequence(seed, kind, step, *rank)
    return _of_block(step // _BLOCK, seed, kind, *rank)[step % _BLOCK]


@lru_cache(maxsize=4)
def _of_block(block: int, seed: int, kind: int, rank: int = 0) -> list[int]:
    """Returns what `_of_sequence` does for each step of a block: numpy's own algorithm, on all of them at once.

    No rank is the same as rank 0, since what is missing of four words is 0.

    One SeedSequence takes as long as a small layer of a network. It has a pool of four words, which are made of the
    entropy and of each other, and its state is made of the first two. (`numpy/random/bit_generator.pyx`; by M. E.
    O'Neill, "Developing a seed_seq alternative", 2015.)
    """
    steps = np.arange(block * _BLOCK, (block + 1) * _BLOCK).astype(np.uint32)
    entropy = (np.full_like(steps, seed), np.full_like(steps, kind), steps, np.full_like(steps, rank))
    hashed = _Hash(0x43B0D7E5, 0x931E8875)
    pool = [hashed(words) for words in entropy]
    for source in range(4):
        for place in (place for place in range(4) if place != source):  # in this order: each use changes the hash
            mixed = pool[place] * np.uint32(0xCA01F9DD) - hashed(pool[source]) * np.uint32(0x4973F715)
            pool[place] = mixed ^ mixed >> np.uint32(16)
    stated = _Hash(0x8B51F9DD, 0x58F38DED)
    low, high = stated(pool[0]), stated(pool[1])
    together: list[int] = ((high.astype(np.uint64) << np.uint64(32) | low) >> np.uint64(1)).tolist()
    return together


class _Hash:
    """Numpy's hash of a word, whose constant changes with every use."""

    def __init__(self, constant: int, factor: int) -> None:
        self._constant, self._factor = constant, factor

    def __call__(self, words: NDArray[np.uint32]) -> NDArray[np.uint32]:
        mixed = words ^ np.uint32(self._constant)
        self._constant = self._constant * self._factor % _WORD
        mixed *= np.uint32(self._constant)
        return mixed ^ mixed >> np.uint32(16)
