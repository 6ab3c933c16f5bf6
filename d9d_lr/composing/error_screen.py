"""What the user sees of an error: a sentence for a mistake or a failing environment, a traceback for a defect."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, TypeVar, overload

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from d9d_lr.composing.hydra_errors import explain_hydra
from d9d_lr.composing.hydra_internals import COMPOSITION_ERRORS, from_composing, from_job, parse_arguments
from d9d_lr.composing.overrides import check_overrides
from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.diagnostics.visible import visible, visible_traceback

_FULL_ERROR = "HYDRA_FULL_ERROR"

F = TypeVar("F", bound=Callable[..., Any])


@overload
def reported_errors(function: F) -> F: ...
@overload
def reported_errors(function: None = None) -> AbstractContextManager[None]: ...
def reported_errors(function: F | None = None) -> F | AbstractContextManager[None]:
    """Gives a function of `@hydra.main`, or a block, the error screen of the training entrypoint.

    A `ConfigError` and whatever Hydra cannot compose end with status 2 and every problem in words, a `RunError` with
    status 1, Ctrl-C with status 130; everything else is raised. With HYDRA_FULL_ERROR=1, all of it is raised.

        @reported_errors
        @hydra.main(version_base=None, config_path="conf", config_name="config")
        def main(cfg):
            provider = AutoLRSchedulerProvider(resolve_lr(cfg.lr, cfg.total_steps))

    Args:
        function: The function; without one, this is a context manager.
    """
    if function is None:
        return _reported()

    @functools.wraps(function)
    def reported(*arguments: Any, **named: Any) -> Any:
        with _reported():
            return function(*arguments, **named)

    return reported  # type: ignore[return-value]


@contextmanager
def _reported() -> Iterator[None]:
    with error_screen(_as_hydra_met_them, own_jobs=False):
        check_overrides(sys.argv[1:])
        yield


def _as_hydra_met_them(error: Exception) -> list[Problem]:
    return explain_hydra(error, parse_arguments(sys.argv[1:]).overrides)


@contextmanager
def error_screen(problems_of: Callable[[Exception], list[Problem]], *, own_jobs: bool) -> Iterator[None]:
    """Turns errors into what is said on standard error, and an exit status.

    Args:
        problems_of: Says what Hydra could not compose.
        own_jobs: Whether the jobs that Hydra runs are the entrypoint's, which raise what Hydra and the system raise
            only for a user's mistake and for a failing environment.

    Raises:
        SystemExit: With status 2 for a configuration that cannot be used, 1 for a run that failed, 130 for Ctrl-C.
    """
    asked_for_traceback = os.environ.get(_FULL_ERROR)
    os.environ[_FULL_ERROR] = "1"  # Hydra then raises instead of printing, and what it raises is reported below
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit(say("interrupted", 130)) from None
    except BrokenPipeError:
        raise SystemExit(reader_left()) from None
    except Exception as error:
        if asked_for_traceback or (status := _reported_status(error, problems_of, own_jobs)) is None:
            if own_jobs and sys.excepthook is sys.__excepthook__:
                sys.excepthook = _show_defect
            raise
        raise SystemExit(status) from error
    finally:
        if asked_for_traceback is None:
            os.environ.pop(_FULL_ERROR, None)


def _reported_status(error: Exception, problems_of: Callable[[Exception], list[Problem]], own_jobs: bool) -> int | None:
    """Says an error and returns the exit status; None if it is a defect."""
    match error:
        case ConfigError():
            return say(str(error), 2)
        case _ if isinstance(error, COMPOSITION_ERRORS) and from_composing(error):
            return say(str(ConfigError(problems_of(error))), 2)
        case HydraException() | OmegaConfBaseException() if own_jobs or not from_job(error):
            return say(str(ConfigError(problems_of(error))), 2)
        case RunError():
            return say(f"the run stopped: {error}", 1)
        case OSError() if own_jobs:
            return say(f"the run stopped: {error}", 1)
        case _:
            return None


def say(text: str, status: int) -> int:
    """Writes lines to standard error, none of which steers a terminal; returns the exit status that goes with them."""
    sys.stderr.write("".join(f"{visible(line)}\n" for line in text.split("\n")))
    return status


def _show_defect(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Shows what the interpreter would, where nothing that an error says steers the terminal."""
    sys.stderr.write(visible_traceback(error))


def reader_left() -> int:
    """Lets the interpreter end in peace where the reader of its output, such as `head`, has seen enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
