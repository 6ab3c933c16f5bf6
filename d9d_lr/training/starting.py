"""What is on the screen before anything is composed, and before torch is imported."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from hydra.conf import HydraConf

_PRINTS_ONLY = ("-h", "--help", "--hydra-help", "--version", "-c", "--cfg", "-i", "--info", "-sc", "--shell-completion")

log = logging.getLogger(__name__)


def show_composing(arguments: Sequence[str]) -> None:
    """Says on a terminal that the program has begun; composing takes a second, or more for a sweep of many points.

    Args:
        arguments: The command line without the program; what only prints something stays as it is.
    """
    prints_only = any(argument.partition("=")[0] in _PRINTS_ONLY for argument in arguments)
    if sys.stderr.isatty() and not prints_only:
        sys.stderr.write("composing and checking the configuration\n")
        sys.stderr.flush()


def show_run(hydra: HydraConf, total_steps: int) -> None:
    """Says what is about to be trained, before the import of torch, which takes seconds."""
    chosen = [f"{group}={hydra.runtime.choices.get(group)}" for group in ("task", "lr")]
    log.info("%s, %d steps; importing torch", " ".join(chosen), total_steps)
