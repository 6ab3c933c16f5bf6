"""How a sweep goes: in `hydra.sweeper`, or in a section of the application that `hydra.sweeper.section` names.

The training entrypoint has the section `sweep`. It is no part of what a run computes.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from omegaconf import DictConfig
from pydantic import Field, field_validator, model_validator

from d9d_lr.config.base import Base, Positive
from d9d_lr.config.plain import plain
from d9d_lr.diagnostics.explain import validated
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.fields import NUMBER

SECTION = "sweep"
"""The section of the training entrypoint."""

SWEEPER = "hydra.sweeper"


class PruneConfig(Base):
    """When points that are clearly behind are stopped; see `d9d_lr.sweeping.pruning`.

    Attributes:
        first_step: The first step at which points are compared; the others are this times `factor`, and so on.
        factor: At each, one of so many goes on.
    """

    first_step: Positive
    factor: Annotated[int, Field(ge=2), NUMBER] = 3


class SweepConfig(Base):
    """How a sweep goes.

    Attributes:
        on_invalid: What a point that cannot be used does: "error" starts nothing, "drop" leaves such points out.
        dry_run: Whether only to show the points.
        predict: The file of a law that is asked about every point; None asks none.
        predict_top: How many schedules run, those that the law puts first; None runs all.
        on_failure: What a failed point does: "continue" with the others, or "stop" starting any.
        max_failures: Failed points after which no further one starts; None sets no limit.
        zip: Groups of swept keys that advance together instead of crossing.
        union: Parts of overrides whose points are joined, each crossed with what all of them share.
        prune: How points that are clearly behind are stopped; None stops none.
        share_prefixes: Whether steps that points have in common are trained once.
        keep_branches: Whether the checkpoints that points began from are kept for points of later starts.
        reuse: Folders of earlier runs and sweeps whose checkpoints points may begin from, where they agree.
    """

    on_invalid: Literal["error", "drop"] = "error"
    dry_run: bool = False
    predict: str | None = None
    predict_top: Positive | None = None
    on_failure: Literal["continue", "stop"] = "continue"
    max_failures: Positive | None = None
    zip: tuple[tuple[str, ...], ...] = ()
    union: tuple[tuple[str, ...], ...] = ()
    prune: PruneConfig | None = None
    share_prefixes: bool = True
    keep_branches: bool = False
    reuse: tuple[str, ...] = ()

    @field_validator("zip", mode="before")
    @classmethod
    def _one_group(cls, value: Any) -> Any:
        """Takes `[a,b]` for `[[a,b]]`, and null for no group."""
        if value is None:
            return ()
        return [value] if isinstance(value, list) and value and all(isinstance(key, str) for key in value) else value

    @field_validator("union", mode="before")
    @classmethod
    def _as_on_the_command_line(cls, value: Any) -> Any:
        """Takes a text for the words of a command line, and null for no union."""
        if not isinstance(value, list):
            return value or ()
        return [shlex.split(part) if isinstance(part, str) else part for part in value]

    @model_validator(mode="after")
    def _reuse_is_shared(self) -> SweepConfig:
        if self.reuse and not self.share_prefixes:
            raise ValueError("share_prefixes=false trains every point from its first step, and reuse would not")
        return self

    @model_validator(mode="after")
    def _one_limit(self) -> SweepConfig:
        if self.on_failure == "stop" and self.max_failures not in (None, 1):
            raise ValueError(
                f"on_failure=stop ends a sweep at its first failure, max_failures={self.max_failures} at another one; "
                "leave one of them out"
            )
        return self

    @model_validator(mode="after")
    def _law_named(self) -> SweepConfig:
        if self.predict_top is not None and self.predict is None:
            raise ValueError(f"predict_top={self.predict_top} needs a law to choose by, as in predict=law.json")
        return self

    @property
    def failure_limit(self) -> int | None:
        """Failed points after which no further one starts; None for no limit."""
        return 1 if self.on_failure == "stop" else self.max_failures


def resolve_sweep(section: Mapping[str, Any]) -> SweepConfig:
    """Validates the section `sweep` of a composed configuration; what is not there is as by default.

    Raises:
        ConfigError: With every problem found.
    """
    return validated(SweepConfig, plain(section, SECTION), SECTION)


def sweep_settings(config: DictConfig) -> SweepConfig:
    """Returns how a sweep of any application goes: what `hydra.sweeper` sets wins over the section that it names.

    Raises:
        ConfigError: With every problem found.
    """
    sweeper = config.hydra.sweeper
    section = _section(config, sweeper.section) if sweeper.section else {}
    validated(SweepConfig, section, sweeper.section or "")
    chosen = {name: value for name, value in plain(sweeper, SWEEPER).items() if name in SweepConfig.model_fields}
    own = {name: value for name, value in chosen.items() if value is not None}
    validated(SweepConfig, own, SWEEPER)
    settings = validated(SweepConfig, {**section, **own}, SWEEPER)
    if absent := [place for place in settings.reuse if not Path(place).is_dir()]:
        key = f"{sweeper.section or SWEEPER}.reuse"
        raise ConfigError(Problem(key, f"there is no folder {place}") for place in absent)
    return settings


def _section(config: DictConfig, name: str) -> dict[str, Any]:
    return plain(config[name], name) if name in config else {}
