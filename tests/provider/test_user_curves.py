"""A curve of one's own by `_target_`: composed, validated, written, drawn, saved and resumed as a packaged one."""

import sys
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from d9d_lr import (
    AutoLRSchedulerConfig,
    AutoLRSchedulerProvider,
    ConfigError,
    CurveBase,
    DistributedContext,
    InitializeLRSchedulerContext,
    PiecewiseSchedulerConfig,
    build_schedule,
    compose_lr,
    resolve_lr,
)
from d9d_lr.schedule.fields import AboveZero
from d9d_lr.schedule.phases import PhaseRest

SOURCE = '''
from dataclasses import dataclass

from d9d_lr import CurveBase


@dataclass(frozen=True)
class CurveStairs(CurveBase):
    """Equal stairs from start to end."""

    stairs: int = 4

    def compute(self, start, end, step_p):
        return start + (end - start) * int(step_p * self.stairs) / self.stairs


def function():
    pass
'''


@dataclass(frozen=True)
class Strict(CurveBase):
    """A curve whose field has limits and no default."""

    power: AboveZero

    def compute(self, start, end, step_p):
        return start + (end - start) * step_p**self.power


@pytest.fixture
def stairs(tmp_path, monkeypatch):
    """A module of a person's own, which is forgotten afterwards."""
    (tmp_path / "my_curves.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield "my_curves.CurveStairs"
    sys.modules.pop("my_curves", None)


def with_curve(curve):
    return {"initial_multiplier": 0.0, "phases": [{"mode": "rest", "target_multiplier": 1.0, "curve": curve}]}


def test_it_is_validated_written_and_read_back(stairs):
    config = resolve_lr(with_curve({"_target_": stairs, "stairs": 5}))
    # p = 0.7 is on stair 3 of 5.
    assert build_schedule(config, 10).multiplier(7) == 0.6
    assert config.model_dump(mode="json")["scheduler"]["phases"][0]["curve"] == {"_target_": stairs, "stairs": 5}
    assert AutoLRSchedulerConfig.model_validate_json(config.model_dump_json()) == config
    assert resolve_lr(config.model_dump()) == config


def test_an_object_is_taken_as_it_is():
    phase = PhaseRest(target_multiplier=1.0, curve=Strict(2.0))
    config = PiecewiseSchedulerConfig(initial_multiplier=0.0, phases=[phase])
    assert config.phases[0].curve == Strict(2.0)
    assert scheduler_of(config).schedule.multiplier(5) == 0.25


def test_it_is_composed_on_top_of_a_packaged_one(stairs):
    config = compose_lr(["lr/curve@lr.phases.2.curve=poly", f"+lr.phases.2.curve._target_={stairs}"], 1000)
    assert str(config.scheduler.phases[2].curve) == "CurveStairs, stairs 4"  # what poly had left is dropped


def test_null_is_no_target():
    assert resolve_lr(with_curve({"_target_": None, "type": "linear"})).scheduler.phases[0].curve.type == "linear"


def scheduler_of(config, **choices):
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    context = InitializeLRSchedulerContext(dist_context=DistributedContext(), total_steps=10, optimizer=optimizer)
    return AutoLRSchedulerProvider(config, **choices)(context)


def test_it_is_saved_resumed_and_kept(stairs):
    saved = scheduler_of(with_curve({"_target_": stairs, "stairs": 5}))
    saved.move_to(7)
    resumed = scheduler_of(with_curve({"_target_": stairs, "stairs": 5}))
    resumed.load_state_dict(saved.state_dict())
    assert resumed.get_last_lr() == [0.1 * 0.6]
    other = with_curve({"_target_": stairs, "stairs": 2})
    with pytest.raises(ConfigError, match=rf"phase 0: steps 0 to 10, {stairs} 5 to 1\.0 -> .* {stairs} 2 to 1\.0"):
        scheduler_of(other).load_state_dict(saved.state_dict())
    kept = scheduler_of(other, on_schedule_change="keep")
    kept.load_state_dict(saved.state_dict())
    assert kept.get_last_lr() == [0.1 * 0.6]
