"""Running a Hydra application so that a person's mistake is told in a sentence, and a defect in a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra._internal.utils import get_args_parser
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from d9d_lr.composing.application import open_application
from d9d_lr.composing.every_problem import all_problems
from d9d_lr.composing.hydra_errors import COMPOSITION_ERRORS, explain_hydra
from d9d_lr.composing.overrides import check_overrides
from d9d_lr.composing.paths import APP_DIR
from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError

_FULL_ERROR = "HYDRA_FULL_ERROR"


def run_application(job: Callable[[DictConfig], Any]) -> None:
    """Hands the command line to Hydra, with the entrypoint's own configuration as the primary one.

    Args:
        job: What one run does with its composed configuration.

    Raises:
        SystemExit: With status 2 for a configuration that cannot be used, 1 for a run that failed, 130 for Ctrl-C.
    """
    asked_for_traceback = os.environ.get(_FULL_ERROR)
    os.environ[_FULL_ERROR] = "1"  # Hydra then raises instead of printing, and what it raises is told below
    try:
        check_overrides(sys.argv[1:])
        hydra.main(version_base="1.3", config_path=str(APP_DIR), config_name="config")(job)()
    except KeyboardInterrupt:
        raise SystemExit(_report("interrupted", 130)) from None
    except BrokenPipeError:
        raise SystemExit(_reader_left()) from None
    except Exception as error:
        if asked_for_traceback:
            raise
        raise SystemExit(_report_error(error)) from error
    finally:
        if asked_for_traceback is None:
            os.environ.pop(_FULL_ERROR, None)


def run_tool(tool: Callable[[Sequence[str]], None], arguments: Sequence[str]) -> None:
    """Runs a command that is no Hydra application, and tells its errors as `run_application` does.

    Args:
        tool: What the command does with its arguments.
        arguments: The command line without the program.

    Raises:
        SystemExit: With status 2 for input that cannot be used, 1 for trouble around it, 130 for Ctrl-C.
    """
    try:
        tool(arguments)
    except KeyboardInterrupt:
        raise SystemExit(_report("interrupted", 130)) from None
    except BrokenPipeError:
        raise SystemExit(_reader_left()) from None
    except ConfigError as error:
        raise SystemExit(_report(str(error), 2)) from error
    except (RunError, OSError) as error:
        raise SystemExit(_report(str(error), 1)) from error


def _report_error(error: Exception) -> int:
    match error:
        case ConfigError():
            return _report(str(error), 2)
        case HydraException() | OmegaConfBaseException():
            return _report(str(ConfigError(_problems_of_composing(error))), 2)
        case RunError() | OSError():
            return _report(f"the run stopped: {error}", 1)
        case TypeError() | ValueError() | YAMLError() if _from_composition(error):
            return _report(str(ConfigError(_problems_of_composing(error))), 2)
        case _:
            raise error


def _problems_of_composing(error: Exception) -> list[Problem]:
    """Returns what is wrong with the whole command line, or with what Hydra met first where that is hard to tell."""
    typed = get_args_parser().parse_args()
    first = explain_hydra(error, typed.overrides)
    if typed.multirun or typed.config_path:
        return first
    try:
        with open_application(
            Path(typed.config_dir) if typed.config_dir else None, typed.config_name or "config"
        ) as app:
            return all_problems(app.compose, typed.overrides) or first
    except COMPOSITION_ERRORS:
        return first


def _from_composition(error: Exception) -> bool:
    """Whether an error comes from Hydra's own composing, and not from a job that it ran."""
    names = []
    frame = error.__traceback__
    while frame is not None:
        names.append(frame.tb_frame.f_code.co_name)
        frame = frame.tb_next
    return "run_job" not in names and any(name.startswith("_compose") or name == "compose_config" for name in names)


def _reader_left() -> int:
    """Lets the interpreter end in peace where the reader of its output, such as `head`, has seen enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _report(text: str, status: int) -> int:
    sys.stderr.write(f"{text}\n")
    return status
