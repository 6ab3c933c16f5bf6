"""Which column of a table is which: the names that trainers, Weights & Biases and TensorBoard write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from d9d_lr.diagnostics.problems import Problem, did_you_mean

KNOWN = {
    "step": ("step", "_step", "global_step", "train/global_step", "iteration", "iter"),
    "lr": ("lr", "learning_rate", "train/lr", "train/learning_rate", "train_lr", "lr-adamw", "lr-adam", "lr-sgd"),
    "loss": ("loss", "train_loss", "train/loss", "training_loss", "loss/train"),
    "val_loss": ("val_loss", "val/loss", "eval_loss", "eval/loss", "validation_loss", "loss/val", "loss/validation"),
}
"""What is looked for, and the headings that it goes by, in small letters."""

_ENVELOPE = ("__min", "__max")  # beside every curve in a chart that Weights & Biases exports
_CLOCKS = ("wall time", "_timestamp", "_runtime", "relative time (wall)", "relative time (process)")


@dataclass(frozen=True)
class Wanted:
    """The headings that a user names; None where they are to be found.

    Attributes:
        loss: The heading of the training loss.
        lr: The heading of the learning rate.
    """

    loss: str | None = None
    lr: str | None = None


def find_column(where: str, heads: Sequence[str], what: str, named: str | None = None) -> int | Problem | None:
    """Returns the place of a column; None if there is none, a problem if it is not clear which it is.

    Args:
        where: The file, for the message.
        heads: The headings.
        what: A key of `KNOWN`.
        named: The heading that was asked for.
    """
    if named is not None:
        if named in heads:
            return heads.index(named)
        return Problem(where, f"there is no column {named!r}; there are {', '.join(heads)}", did_you_mean(named, heads))
    found = [place for place, head in enumerate(heads) if _plain(head) in KNOWN[what]]
    if len(found) > 1:
        names = ", ".join(repr(heads[place]) for place in found)
        hint = f"say which, as in --{what}-column {heads[found[0]]!r}" if what in ("loss", "lr") else "keep one of them"
        return Problem(where, f"{len(found)} columns may be the {what}: {names}", hint)
    return found[0] if found else None


def only_value(heads: Sequence[str]) -> int | None:
    """Returns the one column that is neither a step, a clock nor the envelope of another; None if there are several."""
    rest = [
        place
        for place, head in enumerate(heads)
        if _plain(head) not in (*KNOWN["step"], *_CLOCKS) and not head.lower().endswith(_ENVELOPE)
    ]
    return rest[0] if len(rest) == 1 else None


def _plain(head: str) -> str:
    """Returns a heading in small letters, without the run that Weights & Biases writes in front of it."""
    return head.rpartition(" - ")[2].strip().lower()
