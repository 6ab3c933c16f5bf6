"""What each preset is compared with: whole runs of odd and even lengths, and fractions that round."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch.optim import lr_scheduler

from canon import models, systems


@dataclass(frozen=True)
class Case:
    """One run.

    Attributes:
        total_steps: Its length.
        expected: The multiplier that the source gives step t.
        overrides: What is typed behind `lr=NAME`.
        every: Compares every so many steps of a run of millions.
    """

    total_steps: int
    expected: Callable[[int], float]
    overrides: tuple[str, ...] = ()
    every: int = 1

    @property
    def steps(self):
        """The steps that are compared."""
        return range(0, self.total_steps, self.every)


@dataclass(frozen=True)
class Preset:
    """A preset and its source.

    Attributes:
        compared_with: What `expected` is, in words.
        cases: The runs.
        tolerance: The greatest difference allowed, of the multiplier.
    """

    compared_with: str
    cases: tuple[Case, ...]
    tolerance: float = 1e-15


LENGTHS = ((1000, 100), (1001, 100), (997, 13), (50, 1))


def warmed(function, *arguments, lengths=LENGTHS, overrides=(), scalar="warmup_steps", **keywords):
    """Cases of a function of the step, the length of the run and its warmup."""
    return tuple(
        Case(total, partial(function, total=total, warmup=warmup, **keywords), (f"lr.{scalar}={warmup}", *overrides))
        for total, warmup in lengths
    )


def ran(scheduler, total_steps, *overrides, **arguments):
    """A case of a torch scheduler that is run itself, at a base learning rate of 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    stepped = scheduler(optimizer, **arguments)
    values = []
    for _ in range(total_steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        stepped.step()
    return Case(total_steps, values.__getitem__, overrides)


PRESETS = {
    "systems/transformers_constant": Preset(
        "the formula of transformers 5.24.0", (Case(1000, systems.transformers_constant),)
    ),
    "systems/transformers_constant_with_warmup": Preset(
        "the formula of transformers 5.24.0",
        tuple(
            Case(
                total, partial(systems.transformers_constant_with_warmup, warmup=warmup), (f"lr.warmup_steps={warmup}",)
            )
            for total, warmup in LENGTHS
        ),
    ),
    "systems/transformers_linear": Preset("the formula of transformers 5.24.0", warmed(systems.transformers_linear)),
    "systems/transformers_cosine": Preset("the formula of transformers 5.24.0", warmed(systems.transformers_cosine)),
    "systems/transformers_cosine_with_min_lr": Preset(
        "the formula of transformers 5.24.0",
        (
            *warmed(systems.transformers_cosine_with_min_lr, min_lr_rate=0.1),
            *warmed(systems.transformers_cosine_with_min_lr, min_lr_rate=0.07, overrides=("lr.min_lr_rate=0.07",)),
        ),
    ),
    "systems/transformers_cosine_warmup_with_min_lr": Preset(
        "the formula of transformers 5.24.0",
        warmed(systems.transformers_cosine_warmup_with_min_lr, min_lr_rate=0.1),
    ),
    "systems/torchtitan": Preset(
        "the formula of torchtitan 0.3.0",
        (
            *warmed(systems.torchtitan),
            *warmed(systems.torchtitan, min_lr_factor=0.1, overrides=("lr.min_lr_factor=0.1",)),
        ),
    ),
    "systems/olmo_core_linear": Preset("the formula of ai2-olmo-core 3.0.0", warmed(systems.olmo_core_linear)),
    "systems/olmo_core_cosine": Preset(
        "the formula of ai2-olmo-core 3.0.0",
        (
            *warmed(systems.olmo_core_cosine),
            *warmed(systems.olmo_core_cosine, alpha_f=0.0, overrides=("lr.alpha_f=0",)),
        ),
    ),
    "systems/composer_linear_with_warmup": Preset("the formula of mosaicml 0.32.1", warmed(systems.composer_linear)),
    "systems/composer_cosine_with_warmup": Preset(
        "the formula of mosaicml 0.32.1",
        (
            *warmed(systems.composer_cosine),
            *warmed(systems.composer_cosine, alpha_f=0.2, overrides=("lr.alpha_f=0.2",)),
        ),
    ),
    "systems/megatron_linear": Preset(
        "the formula of megatron-core 0.16.1", warmed(systems.megatron, style="linear", min_lr=0.1)
    ),
    "systems/megatron_cosine": Preset(
        "the formula of megatron-core 0.16.1", warmed(systems.megatron, style="cosine", min_lr=0.1)
    ),
    "systems/torch_linear": Preset(
        "torch 2.13's LinearLR, run",
        (
            ran(lr_scheduler.LinearLR, 100),
            ran(lr_scheduler.LinearLR, 301, "lr.total_iters=300", total_iters=300),
            ran(
                lr_scheduler.LinearLR,
                301,
                "lr.start_factor=1.0",
                "lr.end_factor=0.1",
                "lr.total_iters=101",
                start_factor=1.0,
                end_factor=0.1,
                total_iters=101,
            ),
        ),
        tolerance=1e-14,  # torch multiplies the rate of the step before
    ),
    "systems/torch_cosine_annealing": Preset(
        "torch 2.13's CosineAnnealingLR, run",
        (
            ran(lr_scheduler.CosineAnnealingLR, 1000, T_max=1000),
            ran(lr_scheduler.CosineAnnealingLR, 997, "lr.eta_min_ratio=0.1", T_max=997, eta_min=0.1),
        ),
        tolerance=1e-13,  # torch multiplies the rate of the step before
    ),
    "systems/timm_cosine": Preset(
        "the formula of timm 1.0.31",
        (
            *warmed(systems.timm_cosine, warmup_lr_init=0.01),
            *warmed(
                systems.timm_cosine,
                warmup_lr_init=0.25,
                lr_min=0.03,
                overrides=("lr.warmup_lr_ratio=0.25", "lr.lr_min_ratio=0.03"),
            ),
        ),
    ),
    "systems/levanter_linear": Preset(
        "the formula of marin-levanter 0.2.20", warmed(systems.levanter, decay_type="linear")
    ),
    "systems/levanter_cosine": Preset(
        "the formula of marin-levanter 0.2.20", warmed(systems.levanter, decay_type="cosine")
    ),
    "models/d2z": Preset(
        "the published formula", tuple(Case(total, partial(models.d2z, total=total)) for total in (1000, 1009, 55))
    ),
}
