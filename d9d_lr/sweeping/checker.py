"""What an application says of a configuration before it runs: `hydra.sweeper.check` names a callable of its own.

```python
# my_project.py
def check(cfg):                       # what the job would get
    if cfg.lr <= 0:
        yield f"lr is {cfg.lr}, and must be above 0"
```

It returns or yields problems, a text or a `Problem` each, or raises; or it returns a `RunPreview`. None, and no problem
at all, say that the run can start.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.sweeping.tree import Course

CHECK = "hydra.sweeper.check"


Rates = Callable[[], NDArray[np.float64]]
Judged = Callable[[int], str | None]
"""Returns a text that runs share which can be compared at a step; None if a run cannot be there."""


@dataclass(frozen=True)
class RunPreview:
    """What is known about a run before it starts.

    Attributes:
        fingerprint: A text that two runs share exactly if they compute the same thing; None takes a hash of the
            resolved configuration.
        total_steps: Steps of the run; 0 if it has none.
        columns: More about it for the table of `dry_run`, by title.
        advice: What is legal in it but seldom meant; a sweep says it once, for all of its points.
        course: What it does from step to step, to know which steps it shares with others; None if nobody can say.
        unknown: Why nobody can, for the user of an application whose runs do have one.
        rates: Returns the learning rate of every step, for `predict`; None if nobody can say.
        judged: Says with which runs it can be compared at a step, for `prune`; None if with none.
    """

    fingerprint: str | None = None
    total_steps: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)
    course: Course | None = None
    unknown: str = ""
    rates: Rates | None = None
    advice: tuple[str, ...] = ()
    judged: Judged | None = None


Checker = Callable[[DictConfig], RunPreview]
"""Returns what is known about a run; raises ConfigError if it cannot start."""


def load_checker(path: str | None) -> Checker:
    """Returns the checker of an application.

    Args:
        path: Its dotted path; None checks nothing beyond composing.

    Raises:
        ConfigError: If there is no such callable.
    """
    if path is None:
        return lambda config: RunPreview()
    try:
        check = pkgutil.resolve_name(path)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ConfigError([Problem(CHECK, f"{path!r} cannot be imported: {reason}")]) from error
    if not callable(check):
        raise ConfigError([Problem(CHECK, f"{path!r} cannot be called")])
    return lambda config: _preview(check, config)


def stored_preview(check: Checker, stored: Mapping[str, Any]) -> RunPreview | None:
    """Returns what is known about a run by the configuration in its folder; None if that cannot be used any more."""
    try:
        return check(OmegaConf.create(dict(stored)))
    except ConfigError:
        return None


def _preview(check: Callable[[DictConfig], Any], config: DictConfig) -> RunPreview:
    try:
        answer = check(config)
        if answer is None or isinstance(answer, RunPreview):
            return answer or RunPreview()
        problems = list(_problems(answer))
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError([Problem("", f"{type(error).__name__}: {' '.join(str(error).split())}")]) from error
    if problems:
        raise ConfigError(problems)
    return RunPreview()


def _problems(answer: Any) -> Iterable[Problem]:
    if isinstance(answer, str | Problem):
        answer = [answer]
    if not isinstance(answer, Iterable):
        raise TypeError(f"the check returned {answer!r}, neither problems nor a RunPreview")
    return (item if isinstance(item, Problem) else Problem("", str(item)) for item in answer)
