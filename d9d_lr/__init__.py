"""Learning-rate schedules that people compose, see, check and sweep.

The names below are the public ones. Those that need torch import it when they are first used, so composing, checking
and plotting a schedule do not pay for it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from d9d_lr.config.build import build_schedule
from d9d_lr.config.models import AutoLRSchedulerConfig, PhaseConfig, PiecewiseConfig, PiecewiseSchedulerConfig
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.curve_base import CurveBase
from d9d_lr.schedule.curves import CurveCosine, CurveExponential, CurveLinear, CurvePoly
from d9d_lr.schedule.piecewise import Schedule

if TYPE_CHECKING:
    from d9d_lr.composing.compose import compose_lr
    from d9d_lr.config.resolve_lr import resolve_lr
    from d9d_lr.plotting.visualize import visualize_lr_scheduler
    from d9d_lr.provider.auto import AutoLRSchedulerProvider
    from d9d_lr.provider.builder import PiecewiseScheduleBuilder, piecewise_schedule
    from d9d_lr.provider.context import DistributedContext, InitializeLRSchedulerContext
    from d9d_lr.provider.protocols import LRSchedulerProtocol, LRSchedulerProvider
    from d9d_lr.provider.torch_scheduler import PiecewiseLR

__version__ = "0.1.0"

_LATER = {
    "compose_lr": "d9d_lr.composing.compose",
    "resolve_lr": "d9d_lr.config.resolve_lr",
    "AutoLRSchedulerProvider": "d9d_lr.provider.auto",
    "PiecewiseScheduleBuilder": "d9d_lr.provider.builder",
    "piecewise_schedule": "d9d_lr.provider.builder",
    "DistributedContext": "d9d_lr.provider.context",
    "InitializeLRSchedulerContext": "d9d_lr.provider.context",
    "LRSchedulerProtocol": "d9d_lr.provider.protocols",
    "LRSchedulerProvider": "d9d_lr.provider.protocols",
    "PiecewiseLR": "d9d_lr.provider.torch_scheduler",
    "visualize_lr_scheduler": "d9d_lr.plotting.visualize",
}

__all__ = [
    "AutoLRSchedulerConfig",
    "AutoLRSchedulerProvider",
    "ConfigError",
    "CurveBase",
    "CurveCosine",
    "CurveExponential",
    "CurveLinear",
    "CurvePoly",
    "DistributedContext",
    "InitializeLRSchedulerContext",
    "LRSchedulerProtocol",
    "LRSchedulerProvider",
    "PhaseConfig",
    "PiecewiseConfig",
    "PiecewiseLR",
    "PiecewiseScheduleBuilder",
    "PiecewiseSchedulerConfig",
    "Problem",
    "Schedule",
    "build_schedule",
    "compose_lr",
    "piecewise_schedule",
    "resolve_lr",
    "visualize_lr_scheduler",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_LATER[name]), name)
