"""What each preset is compared with: whole runs of odd and even lengths, and fractions that round."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch.optim import lr_scheduler

from canon import models, systems


@dataclass(frozen=True, eq=False)
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


@dataclass(frozen=True, eq=False)
class Preset:
    """A preset and its source.

    Attributes:
        compared_with: What `expected` is, in words.
        cases: The runs.
        tolerance: The greatest difference allowed, of the multiplier.
        batch: What the source gives step t for a batch, in its own measure; None where it has one size.
        full_batch: A full batch in that measure.
    """

    compared_with: str
    cases: tuple[Case, ...]
    tolerance: float = 1e-15
    batch: Callable[[int], float] | None = None
    full_batch: float = 1.0


LENGTHS = ((1000, 100), (1001, 100), (997, 13), (50, 1))


def warmed(function, lengths=LENGTHS, overrides=(), needs_total=True, **keywords):
    """Cases of a function of the step, the length of the run and its warmup."""
    return tuple(
        Case(
            total,
            partial(function, warmup=warmup, **({"total": total} if needs_total else {}), **keywords),
            (f"lr.warmup_steps={warmup}", *overrides),
        )
        for total, warmup in lengths
    )


def published(function, total_steps, peak_lr, *overrides, tolerance=1e-15, **batch):
    """The preset of a model in a run of its published length: the learning rate in terms of its peak."""
    case = Case(
        total_steps,
        lambda step: function(step) / peak_lr,
        (f"lr.reference_lr={peak_lr}", *overrides),
        every=max(1, total_steps // 2003),
    )
    return Preset("the published formula", (case,), tolerance, **batch)


def ran(scheduler, length, *overrides, **arguments):
    """A case of a torch scheduler that is run itself, at a base learning rate of 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    stepped = scheduler(optimizer, **arguments)
    values = []
    for _ in range(length):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        stepped.step()
    return Case(length, values.__getitem__, overrides)


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
    "systems/transformers_inverse_sqrt": Preset(
        "the formula of transformers 5.24.0",
        (
            *(
                Case(total, partial(systems.transformers_inverse_sqrt, warmup=warmup), (f"lr.warmup_steps={warmup}",))
                for total, warmup in LENGTHS
            ),
            Case(
                1000,
                partial(systems.transformers_inverse_sqrt, warmup=100, timescale=10_000),
                ("lr.timescale=10000",),
            ),
        ),
    ),
    "systems/megatron_inverse_sqrt": Preset(
        "the formula of megatron-core 0.16.1",
        (
            *warmed(systems.megatron, style="inverse-square-root"),
            *warmed(systems.megatron, style="inverse-square-root", min_lr=0.4, overrides=("lr.min_lr_ratio=0.4",)),
        ),
    ),
    "systems/transformers_cosine_with_restarts": Preset(
        "the formula of transformers 5.24.0",
        # cycles that divide the steps behind the warmup
        tuple(
            Case(
                total,
                partial(systems.transformers_cosine_with_restarts, total=total, warmup=warmup, num_cycles=cycles),
                (f"lr.warmup_steps={warmup}", f"lr.num_cycles={cycles}"),
            )
            for total, warmup, cycles in ((1000, 100, 2), (1000, 100, 1), (1001, 101, 9), (997, 13, 8), (50, 1, 7))
        ),
        tolerance=4e-15,  # there the progress is that through all cycles, times their number
    ),
    "systems/olmo_core_half_cosine": Preset(
        "the formula of ai2-olmo-core 3.0.0",
        (
            *warmed(systems.olmo_core_half_cosine),
            *warmed(systems.olmo_core_half_cosine, alpha_f=0.0, overrides=("lr.alpha_f=0.0", "lr.middle_ratio=0.5")),
        ),
    ),
    "systems/olmo_core_wsds": Preset(
        "the formula of ai2-olmo-core 3.0.0",
        tuple(
            Case(
                total,
                partial(
                    systems.olmo_core_wsds, total=total, warmup=warmup, periods=periods, decay=decay, decay_min_lr=low
                ),
                (
                    f"lr.warmup_steps={warmup}",
                    f"lr.periods={periods}",
                    f"lr.decay_steps={decay}",
                    f"lr.decay_min_lr_ratio={low}",
                ),
            )
            for total, warmup, periods, decay, low in (
                (1000, 100, 2, 100, 0.0),
                (999, 13, 3, 33, 0.1),
                (50, 1, 5, 4, 0.0),
            )
        ),
    ),
    "systems/levanter_wsd_s": Preset(
        "the formula of marin-levanter 0.2.20",
        tuple(
            Case(
                total,
                partial(
                    systems.levanter,
                    total=total,
                    warmup=warmup,
                    decay=decay,
                    decay_type=shape,
                    cycles=cycles,
                    rewarmup=again,
                ),
                (
                    f"lr.warmup_steps={warmup}",
                    f"lr.cycles={cycles}",
                    f"lr.decay_steps={decay}",
                    f"lr.decay_curve={shape}",
                    f"lr.rewarmup_steps={again}",
                ),
            )
            for total, warmup, cycles, decay, again in ((1000, 100, 2, 100, 0), (999, 13, 3, 33, 10), (50, 2, 5, 4, 1))
            for shape in ("linear", "cosine")
        ),
    ),
    "systems/timm_step": Preset(
        "the formula of timm 1.0.31",
        (
            *warmed(systems.timm_step, needs_total=False, warmup_lr_init=0.01, decay_t=300, decay_rate=0.1),
            *warmed(
                systems.timm_step,
                needs_total=False,
                warmup_lr_init=0.01,
                decay_t=11,
                decay_rate=0.7,
                overrides=("lr.decay_t=11", "lr.decay_rate=0.7"),
            ),
        ),
    ),
    "systems/timm_tanh": Preset(
        "the formula of timm 1.0.31",
        (
            *warmed(systems.timm_tanh, warmup_lr_init=0.01),
            *warmed(
                systems.timm_tanh,
                warmup_lr_init=0.01,
                lr_min=0.1,
                lb=-6.0,
                ub=4.0,
                overrides=("lr.lr_min_ratio=0.1", "lr.lb=-6.0", "lr.ub=4.0"),
            ),
        ),
    ),
    "systems/olmo_core_inverse_sqrt": Preset(
        "the formula of ai2-olmo-core 3.0.0", warmed(systems.olmo_core_inverse_sqrt)
    ),
    "systems/composer_polynomial_with_warmup": Preset(
        "the formula of mosaicml 0.32.1",
        (
            *warmed(systems.composer_polynomial),
            *warmed(systems.composer_polynomial, power=3.0, alpha_f=0.1, overrides=("lr.power=3.0", "lr.alpha_f=0.1")),
        ),
    ),
    "systems/timm_cosine_cycles": Preset(
        "the formula of timm 1.0.31",
        tuple(
            Case(
                total,
                partial(
                    systems.timm_cosine_cycles,
                    warmup=warmup,
                    t_initial=first,
                    mul=mul,
                    decay=decay,
                    limit=limit,
                    lr_min=low,
                    k=k,
                ),
                (
                    f"lr.warmup_steps={warmup}",
                    f"lr.t_initial={first}",
                    f"lr.cycle_mul={mul}",
                    f"lr.cycle_decay={decay}",
                    f"lr.cycle_limit={limit}",
                    f"lr.lr_min_ratio={low}",
                    f"lr.k_decay={k}",
                ),
            )
            # 100 + 100 + 200 + 400 = 800; 13 + 5 * 150 = 763; 1 + 7 + 21 = 29; 2 + 16 + 24 + 36 = 78
            for total, warmup, first, mul, decay, limit, low, k in (
                (1000, 100, 100, 2, 0.5, 3, 0.0, 1.0),
                (997, 13, 150, 1, 0.7, 5, 0.03, 1.0),
                (50, 1, 7, 3, 1.0, 2, 0.1, 1.0),
                (78, 2, 16, 1.5, 0.1, 3, 0.001, 2.0),
            )
        ),
        tolerance=2e-15,
    ),
    "systems/timm_poly": Preset("the formula of timm 1.0.31", warmed(systems.timm_poly, warmup_lr_init=0.01)),
    "systems/torch_polynomial": Preset(
        "torch 2.13's PolynomialLR, run",
        (
            ran(lr_scheduler.PolynomialLR, 100),
            ran(lr_scheduler.PolynomialLR, 401, "lr.total_iters=400", "lr.power=2.0", total_iters=400, power=2.0),
        ),
        tolerance=1e-13,  # torch multiplies the rate of the step before
    ),
    "systems/torch_step": Preset(
        "torch 2.13's StepLR, run",
        (
            ran(lr_scheduler.StepLR, 1000, step_size=300),
            ran(lr_scheduler.StepLR, 777, "lr.step_size=111", "lr.gamma=0.5", step_size=111, gamma=0.5),
        ),
    ),
    "systems/torch_one_cycle_three_phase": Preset(
        "torch 2.13's OneCycleLR, run",
        (
            ran(lr_scheduler.OneCycleLR, 1000, max_lr=1.0, total_steps=1000, three_phase=True),
            ran(
                lr_scheduler.OneCycleLR,
                77,
                "lr.peak_step=10",
                "lr.back_step=20",
                max_lr=1.0,
                total_steps=77,
                pct_start=11 / 77,
                three_phase=True,
            ),
        ),
    ),
    "systems/torch_exponential": Preset(
        "torch 2.13's ExponentialLR, run",
        (
            ran(lr_scheduler.ExponentialLR, 1000, gamma=0.5 ** (1 / 100)),
            ran(lr_scheduler.ExponentialLR, 301, "lr.half_life_steps=1", gamma=0.5),
        ),
        tolerance=1e-13,  # torch multiplies the rate of the step before
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
            *warmed(systems.timm_cosine, warmup_lr_init=0.01, k=2.0, overrides=("lr.k_decay=2.0",)),
        ),
    ),
    "systems/timm_cosine_without_prefix": Preset(
        "the formula of timm 1.0.31",
        (
            *warmed(systems.timm_cosine_without_prefix, warmup_lr_init=0.01),
            *warmed(
                systems.timm_cosine_without_prefix,
                warmup_lr_init=0.01,
                lr_min=0.03,
                overrides=("lr.lr_min_ratio=0.03",),
            ),
        ),
    ),
    "systems/nanogpt": Preset(
        "the formula of its script",
        tuple(
            Case(total, partial(systems.nanogpt, total=total, warmup=warmup, min_lr=low), typed)
            for total, warmup in LENGTHS
            for low in (0.1, 0.0)
            for typed in [(f"lr.warmup_iters={warmup}", f"lr.min_lr_ratio={low}")]
        ),
    ),
    "systems/levanter_linear": Preset(
        "the formula of marin-levanter 0.2.20", warmed(systems.levanter, decay_type="linear")
    ),
    "systems/levanter_cosine": Preset(
        "the formula of marin-levanter 0.2.20", warmed(systems.levanter, decay_type="cosine")
    ),
    "systems/transformers_polynomial": Preset(
        "the formula of transformers 5.24.0",
        (
            *warmed(systems.transformers_polynomial, lr=1e-3, overrides=("lr.reference_lr=1e-3",)),
            *warmed(
                systems.transformers_polynomial,
                lr=3e-4,
                lr_end=1e-5,
                power=2.0,
                overrides=("lr.reference_lr=3e-4", "lr.lr_end=1e-5", "lr.power=2.0"),
            ),
        ),
    ),
    "systems/transformers_wsd": Preset(
        "the formula of transformers 5.24.0",
        tuple(
            case
            for theirs, ours in (("cosine", "cosine"), ("linear", "linear"), ("1-sqrt", "one_minus_sqrt"))
            for case in warmed(
                systems.transformers_wsd,
                decay=33,
                decay_type=theirs,
                warmup_type="linear",
                min_lr_ratio=0.1,
                overrides=("lr.decay_steps=33", f"lr.decay_curve={ours}", "lr.min_lr_ratio=0.1"),
            )
        ),
    ),
    "systems/torchtitan_wsd": Preset(
        "the formula of torchtitan 0.3.0",
        tuple(
            # round(1000 * 0.25) = 250, round(997 * 0.25) = round(249.25) = 249, round(50 * 0.25) = round(12.5) = 12
            Case(
                total,
                partial(
                    systems.torchtitan,
                    total=total,
                    warmup=warmup,
                    decay_ratio=0.25,
                    decay_type=theirs,
                    min_lr_factor=0.1,
                ),
                (
                    f"lr.warmup_steps={warmup}",
                    f"lr.decay_steps={decay}",
                    f"lr.decay_curve={ours}",
                    "lr.min_lr_factor=0.1",
                ),
            )
            for total, warmup, decay in ((1000, 100, 250), (997, 13, 249), (50, 1, 12))
            for theirs, ours in (("linear", "linear"), ("sqrt", "one_minus_sqrt"), ("cosine", "cosine"))
        ),
    ),
    "systems/megatron_wsd": Preset(
        "the formula of megatron-core 0.16.1",
        tuple(
            case
            for theirs, ours in (
                ("exponential", "exponential_halving"),
                ("minus_sqrt", "one_minus_sqrt"),
                ("linear", "linear"),
                ("cosine", "cosine"),
            )
            for case in warmed(
                systems.megatron,
                style="WSD",
                wsd_style=theirs,
                wsd_decay=33,
                min_lr=0.1,
                overrides=("lr.decay_steps=33", f"lr.decay_curve={ours}"),
            )
        ),
    ),
    "systems/olmo_core_wsd": Preset(
        "the formula of ai2-olmo-core 3.0.0",
        (
            *warmed(systems.olmo_core_wsd, decay=33, overrides=("lr.decay_steps=33",)),
            *warmed(
                systems.olmo_core_wsd,
                decay=33,
                decay_min_lr=0.1,
                overrides=("lr.decay_steps=33", "lr.decay_min_lr_ratio=0.1"),
            ),
        ),
    ),
    "systems/olmo_core_power": Preset(
        "the formula of ai2-olmo-core 3.0.0",
        warmed(systems.olmo_core_power, decay=33, overrides=("lr.decay_steps=33",)),
    ),
    "systems/composer_multistep_with_warmup": Preset(
        "the formula of mosaicml 0.32.1",
        (
            *warmed(
                systems.composer_multistep, milestones=(500, 750), lengths=((1000, 100), (1001, 13)), needs_total=False
            ),
            *warmed(
                systems.composer_multistep,
                milestones=(400, 401),
                lengths=((777, 1),),
                overrides=("lr.milestones=[400,401]",),
                needs_total=False,
            ),
        ),
    ),
    "systems/timm_wsd": Preset(
        "the formula of timm 1.0.31",
        (
            *warmed(systems.timm_wsd, decay=33, warmup_lr_init=0.01, overrides=("lr.decay_steps=33",)),
            *warmed(
                systems.timm_wsd,
                decay=33,
                warmup_lr_init=0.01,
                lr_min=0.1,
                overrides=("lr.decay_steps=33", "lr.lr_min_ratio=0.1"),
            ),
        ),
    ),
    "systems/torch_multistep": Preset(
        "torch 2.13's MultiStepLR, run",
        (
            ran(lr_scheduler.MultiStepLR, 1000, milestones=[500, 750]),
            ran(lr_scheduler.MultiStepLR, 333, "lr.milestones=[100,101]", milestones=[100, 101]),
        ),
        tolerance=1e-15,
    ),
    "systems/torch_one_cycle": Preset(
        "torch 2.13's OneCycleLR, run",
        (
            ran(lr_scheduler.OneCycleLR, 1000, max_lr=1.0, total_steps=1000),
            ran(lr_scheduler.OneCycleLR, 77, "lr.peak_step=10", max_lr=1.0, total_steps=77, pct_start=11 / 77),
        ),
    ),
    "systems/torch_cosine_warm_restarts": Preset(
        "torch 2.13's CosineAnnealingWarmRestarts, run",
        (
            ran(lr_scheduler.CosineAnnealingWarmRestarts, 1000, T_0=100, T_mult=2),
            ran(
                lr_scheduler.CosineAnnealingWarmRestarts,
                77,
                "lr.T_0=7",
                "lr.eta_min_ratio=0.1",
                T_0=7,
                T_mult=2,
                eta_min=0.1,
            ),
            ran(lr_scheduler.CosineAnnealingWarmRestarts, 90, "lr.T_0=30", "lr.T_mult=1", T_0=30),
        ),
    ),
    "systems/nanochat": Preset(
        "the formula of its script",
        tuple(
            # round(0.65 * 1000) = 650, round(0.65 * 1010) = round(656.5) = 656, round(0.65 * 333) = round(216.45) = 216
            Case(total, partial(systems.nanochat_lr, total=total), (f"lr.warmdown_steps={warmdown}",))
            for total, warmdown in ((1000, 650), (1010, 656), (333, 216))
        ),
    ),
    "systems/modded_nanogpt": Preset(
        "the formula of its script",
        (Case(1300, systems.modded_nanogpt),),
        batch=systems.modded_nanogpt_batch,
        full_batch=8,
    ),
    "models/gpt3": published(models.gpt3, 93_750, 0.6e-4),
    "models/chinchilla": published(
        models.chinchilla, models.CHINCHILLA_STEPS, 1e-4, batch=models.chinchilla_batch, full_batch=3e6
    ),
    "models/llama2": published(models.llama2, 500_000, 3.0e-4),
    "models/llama3_405b": published(
        models.llama3_405b, 1_200_000, 8e-5, batch=models.llama3_405b_batch, full_batch=16e6
    ),
    "models/deepseek_v2_lite": published(models.deepseek_v2_lite, 301_996, 4.2e-4),
    "models/deepseek_v3": published(models.deepseek_v3, 235_239, 2.2e-4),
    "models/deepseek_v3_long_context": published(models.deepseek_v3_long_context, 2000, 7.3e-6),
    "models/kimi_k2": published(models.kimi_k2, 231_343, 2e-4),
    "models/moonlight": published(
        models.moonlight, models.MOONLIGHT_STEPS, 4.2e-4, batch=models.moonlight_batch, full_batch=4096
    ),
    "models/glm_4_5": published(
        partial(models.glm_4_5, warm_tokens=100_000_000_000), 360_937, 2.5e-4, "lr.warmup_tokens=100e9"
    ),
    "models/nemotron_3_nano": published(
        partial(models.nemotron_3_nano, shape=lambda p: 1 - p), 993_410, 1e-3, "lr.decay_curve=linear"
    ),
    "models/nemotron_3_super": published(models.nemotron_3_super, 993_410, 4.5e-4),
    "models/smollm_1_7b": published(partial(models.smollm_1_7b, warm=5000), 500_000, 5e-4, "lr.warmup_steps=5000"),
    "models/smollm3": published(models.smollm3, 4_720_000, 0.0002),
    "models/apertus_70b": published(
        models.apertus_70b, models.APERTUS_STEPS, 1e-5, batch=models.apertus_70b_batch, full_batch=4096
    ),
    "models/olmo2_32b": published(models.olmo2_32b, 774_860, 6e-4, tolerance=1e-5),
    "models/olmo3_7b": published(models.olmo3_7b, 1_413_814, 3e-4),
    "models/olmo3_7b_midtraining": published(models.olmo3_7b_midtraining, 47_684, 0.00020712352850360292),
    "models/olmo3_7b_long_context": published(models.olmo3_7b_long_context, 11_921, 0.00020712352850360292),
    "models/wsd_s": published(
        partial(models.wsd_s, warm=1000, share=0.1, low=0.1),
        50_000,
        1.0,
        "lr.warmup_steps=1000",
        "lr.decay_fraction=0.1",
        "lr.min_ratio=0.1",
        "lr.decay_curve=inverse_linear",
    ),
    "models/marin_8b": published(models.marin_8b, 1_420_000, 1.7e-3, batch=models.marin_8b_batch, full_batch=4096),
    "models/minicpm": published(partial(models.minicpm, warm=2000), 279_898, 0.01, "lr.warmup_steps=2000"),
    "models/power": published(models.power, 238_418, 0.02, tolerance=1e-4),
    "models/wsm": published(partial(models.wsm, warm=2000), 631_809, 4.78e-4, "lr.warmup_steps=2000"),
    "models/infinite_lr": Preset(
        "the published formula",
        tuple(
            Case(
                total,
                partial(models.infinite_lr, total=total),
                ("lr.cooldown_until=0.15", "lr.anneal_from=0.8"),
            )
            for total in (1000, 1009, 200)
        ),
    ),
    "models/d2z": Preset(
        "the published formula", tuple(Case(total, partial(models.d2z, total=total)) for total in (1000, 1009, 55))
    ),
}
