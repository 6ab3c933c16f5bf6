"""Running the entrypoint and the tools beside it, with their errors reported in words."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from d9d_lr.composing.application import open_application
from d9d_lr.composing.error_screen import error_screen, reader_left, say
from d9d_lr.composing.every_problem import all_problems
from d9d_lr.composing.hydra_errors import explain_hydra
from d9d_lr.composing.hydra_internals import COMPOSITION_ERRORS, hydra_main, parse_arguments
from d9d_lr.composing.line import Check
from d9d_lr.composing.overrides import check_overrides
from d9d_lr.composing.own_application import PRIMARY, refuse_hidden
from d9d_lr.composing.paths import APP_DIR, searched
from d9d_lr.composing.unreadable import unreadable_below
from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError


class Refusal(SystemExit):
    """Ends a run before it began, for a reason that `run_application` reports.

    Hydra turns exceptions of a callback into warnings, and lets `SystemExit` through.
    """

    def __init__(self, error: Exception) -> None:
        self.error = error
        super().__init__(2 if isinstance(error, ConfigError) else 1)


def run_application(job: Callable[[DictConfig], Any], check: Check = lambda config: None) -> None:
    """Hands the command line to Hydra, with the entrypoint's own configuration as the primary one.

    Args:
        job: What one run does with its composed configuration.
        check: Validates a composed configuration, to report all that is wrong where something is.

    Raises:
        SystemExit: With status 2 for a configuration that cannot be used, 1 for a run that failed, 130 for Ctrl-C.
    """

    def problems(error: Exception) -> list[Problem]:
        first = list(error.problems) if isinstance(error, ConfigError) else explain_hydra(error, sys.argv[1:])
        return _by_file(_every_problem(check) or first)

    with _arguments(_in_order(sys.argv[1:])), error_screen(problems, own_jobs=True):
        try:
            _check_arguments(sys.argv[1:])
            hydra_main(job, APP_DIR, "config")
        except Refusal as refused:
            if isinstance(refused.error, ConfigError):
                raise ConfigError(problems(refused.error)) from None
            raise SystemExit(say(str(refused.error), 1)) from None


def add_words(parser: ArgumentParser) -> None:
    """Adds what names schedules as `python -m d9d_lr.train` does: overrides, `--config-dir` and `--config-name`."""
    parser.add_argument("overrides", nargs="*", help="what would be typed after python -m d9d_lr.train")
    add_folder(parser, "a folder of your own to search for configuration", "the primary config, such as a sweep file")


def add_folder(parser: ArgumentParser, folder: str, name: str) -> None:
    """Adds `--config-dir` and `--config-name`, with what they are in the words of a command."""
    parser.add_argument("--config-dir", "-cd", type=Path, help=folder)
    parser.add_argument("--config-name", "-cn", default=PRIMARY, help=name)


def add_own(parser: ArgumentParser) -> None:
    """Adds what is asked about an application of the user's own: `--key` and `--total-steps`."""
    parser.add_argument("--key", help="which schedule of your own application; all of them without it")
    parser.add_argument("--total-steps", metavar="STEPS", help="its length: a number, or the key that holds it")


def run_tool(tool: Callable[[Sequence[str]], None], arguments: Sequence[str]) -> None:
    """Runs a command that is no Hydra application, and reports its errors as `run_application` does.

    Args:
        tool: What the command does with its arguments.
        arguments: The command line without the program.

    Raises:
        SystemExit: With status 2 for input that cannot be used, 1 for trouble around it, 130 for Ctrl-C.
    """
    try:
        tool(arguments)
    except KeyboardInterrupt:
        raise SystemExit(say("interrupted", 130)) from None
    except BrokenPipeError:
        raise SystemExit(reader_left()) from None
    except ConfigError as error:
        raise SystemExit(say(str(error), 2)) from error
    except (RunError, OSError) as error:
        raise SystemExit(say(str(error), 1)) from error


def _check_arguments(arguments: Sequence[str]) -> None:
    """Refuses what Hydra would take and not do."""
    check_overrides(arguments)
    typed = parse_arguments(arguments)
    if typed.config_dir and not typed.config_path:
        refuse_hidden(Path(typed.config_dir), typed.config_name or PRIMARY)


def _every_problem(check: Check) -> list[Problem]:
    """Returns what is wrong with the whole command line; nothing where that is hard to say."""
    typed = parse_arguments(sys.argv[1:])
    if typed.multirun or typed.config_path:
        return []
    try:
        with open_application(
            Path(typed.config_dir) if typed.config_dir else None, typed.config_name or "config"
        ) as application:
            return all_problems(application, typed.overrides, check)
    except (ConfigError, *COMPOSITION_ERRORS):
        return []


def _by_file(problems: list[Problem]) -> list[Problem]:
    """Names the files of the user's own that Hydra could not take and did not name."""
    folder = parse_arguments(sys.argv[1:]).config_dir
    nameless = [problem for problem in problems if not problem.key and ".yaml" not in problem.message]
    if not folder or not nameless:
        return problems
    named = list(unreadable_below(Path(folder)))
    return [*named, *(problem for problem in problems if problem not in nameless)] if named else problems


def _in_order(arguments: Sequence[str]) -> list[str]:
    """Puts the overrides before the flags, as Hydra 1.3 wants them, and finds the packaged sweeps."""
    typed = parse_arguments(arguments)
    flags = list(arguments)
    for override in typed.overrides:
        flags.remove(override)
    if typed.config_dir:
        flags = [flag if flag != typed.config_dir else str(_as_typed(flag)) for flag in flags]
    return [*typed.overrides, *flags]


def _as_typed(config_dir: str) -> str | Path:
    """Keeps a folder as it was typed, but for the packaged one that is not here."""
    return config_dir if Path(config_dir).exists() else searched(Path(config_dir))


@contextmanager
def _arguments(arguments: list[str]) -> Iterator[None]:
    before = sys.argv
    sys.argv = [before[0], *arguments]
    try:
        yield
    finally:
        sys.argv = before
