"""Learning-rate schedules that people compose, see, check and sweep.

The names below are the public ones. Each is imported when it is first used: Hydra's plugins are imported in every
Hydra application, which must not pay for Pydantic or numpy, and composing, checking and plotting do not pay for torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from d9d_lr.composing.compose import compose_lr
    from d9d_lr.composing.error_screen import reported_errors
    from d9d_lr.config.build import build_schedule
    from d9d_lr.config.models import AutoLRSchedulerConfig, PiecewiseConfig, PiecewiseSchedulerConfig
    from d9d_lr.config.resolve_lr import resolve_lr
    from d9d_lr.config.scheduler_fields import PhaseConfig
    from d9d_lr.diagnostics.problems import ConfigError, Problem
    from d9d_lr.plotting.visualize import visualize_lr_scheduler
    from d9d_lr.provider.auto import AutoLRSchedulerProvider
    from d9d_lr.provider.builder import PiecewiseScheduleBuilder, piecewise_schedule
    from d9d_lr.provider.context import DistributedContext, InitializeLRSchedulerContext
    from d9d_lr.provider.protocols import LRSchedulerProtocol, LRSchedulerProvider
    from d9d_lr.provider.torch_scheduler import PiecewiseLR
    from d9d_lr.schedule.curve_base import CurveBase
    from d9d_lr.schedule.curves import CurveCosine, CurveExponential, CurveLinear, CurvePoly
    from d9d_lr.schedule.piecewise import Schedule
    from d9d_lr.sweeping.checker import RunPreview

__version__ = "0.1.0"

_HOME = {
    "AutoLRSchedulerConfig": "config.models",
    "AutoLRSchedulerProvider": "provider.auto",
    "ConfigError": "diagnostics.problems",
    "CurveBase": "schedule.curve_base",
    "CurveCosine": "schedule.curves",
    "CurveExponential": "schedule.curves",
    "CurveLinear": "schedule.curves",
    "CurvePoly": "schedule.curves",
    "DistributedContext": "provider.context",
    "InitializeLRSchedulerContext": "provider.context",
    "LRSchedulerProtocol": "provider.protocols",
    "LRSchedulerProvider": "provider.protocols",
    "PhaseConfig": "config.scheduler_fields",
    "PiecewiseConfig": "config.models",
    "PiecewiseLR": "provider.torch_scheduler",
    "PiecewiseScheduleBuilder": "provider.builder",
    "PiecewiseSchedulerConfig": "config.models",
    "Problem": "diagnostics.problems",
    "RunPreview": "sweeping.checker",
    "Schedule": "schedule.piecewise",
    "build_schedule": "config.build",
    "compose_lr": "composing.compose",
    "piecewise_schedule": "provider.builder",
    "reported_errors": "composing.error_screen",
    "resolve_lr": "config.resolve_lr",
    "visualize_lr_scheduler": "plotting.visualize",
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
    "RunPreview",
    "Schedule",
    "build_schedule",
    "compose_lr",
    "piecewise_schedule",
    "reported_errors",
    "resolve_lr",
    "visualize_lr_scheduler",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    return found
