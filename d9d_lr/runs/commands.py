"""What to type to go on with a run or a sweep that was stopped."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from d9d_lr.runs.launched import world_size


def command_again(arguments: Sequence[str], place: str) -> str:
    """Returns what to type to run the same command in the folder that it ran in.

    Args:
        arguments: What was typed.
        place: The override that names the folder.
    """
    key = place.partition("=")[0]
    # First, for the command line's parser takes no override behind a flag such as --multirun that has some before it.
    others = [argument for argument in arguments if not argument.startswith(f"{key}=")]
    processes = world_size()
    launcher = f"torch.distributed.run --nproc_per_node {processes} -m " if processes > 1 else ""
    return f"python -m {launcher}d9d_lr.train {shlex.join([place, *others])}"


def quoted(path: object) -> str:
    """Quotes a path for Hydra's grammar of overrides, where it must be."""
    text = str(path)
    return text if re.fullmatch(r"[\w/.:+-]+", text) else "'" + text.replace("'", "\\'") + "'"
