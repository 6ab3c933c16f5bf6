"""Overrides, and files, that Hydra accepts and that do not do what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from d9d_lr.diagnostics.problems import ConfigError, Problem


def key_of(override: str) -> str:
    """Returns the key or group of an override, without the + or ~ in front."""
    return override.partition("=")[0].lstrip("+~")


def value_of(override: str) -> str:
    """Returns what stands behind the first =."""
    return override.partition("=")[2]


def parsed(override: str) -> Override | None:
    """Returns an override, or None if it does not parse."""
    try:
        return OverridesParser.create().parse_override(override)
    except HydraException:
        return None


def check_overrides(overrides: Sequence[str]) -> None:
    """Refuses `lr.phases.1={}` and the like, which merges nothing into what is there and so changes nothing.

    Raises:
        ConfigError: With each of them.
    """
    below_a_schedule = r"((?:lr|(?:\w+\.)*phases)(?:\.\w+)*)=\{\s*\}"
    emptied = [found[1] for override in overrides if (found := re.fullmatch(below_a_schedule, override))]
    if emptied:
        raise ConfigError(
            Problem(key, "{} merges into what is there and changes nothing", f"to leave it out, type ~{key}")
            for key in emptied
        )


def check_single_run(config: DictConfig, arguments: Sequence[str]) -> None:
    """Refuses to run, as one run, what names the points of a sweep.

    Args:
        config: What was composed, with its `hydra` section.
        arguments: The command line; Hydra itself adds `hydra.mode=RUN` to its overrides.

    Raises:
        ConfigError: If values of `hydra.sweeper.params` would be left out without a word.
    """
    hydra = OmegaConf.to_container(config.hydra, resolve=False)
    assert isinstance(hydra, dict)
    typed = {key_of(override) for override in hydra["overrides"]["task"]}
    left_out = [key for key in hydra["sweeper"].get("params") or {} if key_of(str(key)) not in typed]
    if left_out and "hydra.mode=RUN" not in arguments:
        message = f"the configuration sweeps over {', '.join(left_out)}, and this is a single run"
        hint = "add --multirun to run each point; for one run without those values, type hydra.mode=RUN"
        raise ConfigError([Problem("hydra.sweeper.params", message, hint)])
