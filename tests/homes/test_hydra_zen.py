"""hydra-zen: `builds` of our configs and of our provider."""

import pytest

pytestmark = [pytest.mark.homes, pytest.mark.filterwarnings("ignore")]
hydra_zen = pytest.importorskip("hydra_zen")

import torch  # noqa: E402
from hydra_zen import builds, instantiate, make_config, store, to_yaml  # noqa: E402
from torch import nn  # noqa: E402

from d9d_lr import (  # noqa: E402
    AutoLRSchedulerProvider,
    CurveCosine,
    CurveLinear,
    DistributedContext,
    InitializeLRSchedulerContext,
    PiecewiseConfig,
    PiecewiseSchedulerConfig,
    compose_lr,
)
from d9d_lr.schedule.phases import PhasePercentage, PhaseRest, PhaseSteps  # noqa: E402

Linear, Cosine = builds(CurveLinear), builds(CurveCosine)
Wsd = builds(
    PiecewiseConfig,
    scheduler=builds(
        PiecewiseSchedulerConfig,
        initial_multiplier=0.0,
        hydra_convert="all",  # Hydra would make a ListConfig of the phases
        phases=[
            builds(PhaseSteps, steps=100, target_multiplier=1.0, curve=Linear),
            builds(PhasePercentage, percentage=0.8, target_multiplier=1.0, curve=Linear),
            builds(PhaseRest, target_multiplier=0.1, curve=Cosine),
        ],
    ),
)
Provider = builds(AutoLRSchedulerProvider, config=Wsd, populate_full_signature=True)


def lrs(provider):
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    scheduler = provider(
        InitializeLRSchedulerContext(dist_context=DistributedContext(), total_steps=1000, optimizer=optimizer)
    )
    seen = []
    for _ in range(1000):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return seen


def test_every_step_of_a_schedule_that_was_built(expected):
    assert instantiate(Wsd) == compose_lr(["lr=wsd", "lr/decay@lr.phases.2=cosine"])
    assert lrs(instantiate(Provider)) == expected(0.1)


def test_it_is_overridden_and_written_as_yaml(expected):
    provider = instantiate(Provider, on_schedule_change="adopt", on_misstep="error")
    assert lrs(provider) == expected(0.1)
    assert "_target_: d9d_lr.provider.auto.AutoLRSchedulerProvider" in to_yaml(Provider)


def test_a_section_of_an_application(expected):
    """Our groups, composed by Hydra, beside hydra-zen's own store."""
    Application = make_config(lr=compose_lr(["lr=wsd", "lr/decay@lr.phases.2=cosine"]).model_dump(mode="json"))  # noqa: N806
    store(Application, name="application")
    assert lrs(AutoLRSchedulerProvider(instantiate(Application).lr)) == expected(0.1)
