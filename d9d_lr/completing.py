"""Console scripts that a shell completes: a query is answered before anything heavy is imported. Wiring only."""

from __future__ import annotations

import os
import sys

from d9d_lr.composing.completion import AFTER_INSTALLING_BASH, complete_by_hydra, options_for

_FLAGS = ("-sc", "--shell-completion")


def train() -> None:
    """Is `d9d-lr-train`: answers a query of the shell, or runs the training entrypoint."""
    if _answered():
        return
    from d9d_lr.train import main

    main()
    _finish_installing()


def plot() -> None:
    """Is `d9d-lr-plot`: completes as the training entrypoint does, whose words it takes, or draws."""
    if _answered():
        return
    if _asked() is not None:
        from d9d_lr.train import main
    else:
        from d9d_lr.plot import main

    main()
    _finish_installing()


def _asked() -> str | None:
    """Returns what a shell asks for, such as "query=bash"."""
    return next((after for flag, after in zip(sys.argv[1:], sys.argv[2:], strict=False) if flag in _FLAGS), None)


def _answered() -> bool:
    if not (_asked() or "").startswith("query="):
        return False
    offered = options_for(os.environ.get("COMP_LINE", ""))
    if offered is None:
        complete_by_hydra()
    else:
        sys.stdout.write(" ".join(offered) + "\n")
    return True


def _finish_installing() -> None:
    if _asked() == "install=bash":
        sys.stdout.write(AFTER_INSTALLING_BASH + "\n")
