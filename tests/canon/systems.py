"""The schedules of training systems, typed from their source code: t is the step, from 0; the result the multiplier.

Nothing of the package is used here. Each function names the release and the file it was read in.
"""

import math

# transformers 5.24.0, src/transformers/optimization.py. LambdaLR: the factor of current_step 0 is for the first update.


def transformers_constant(t):
    """get_constant_schedule."""
    return 1.0


def transformers_constant_with_warmup(t, warmup):
    """get_constant_schedule_with_warmup."""
    return t / max(1, warmup) if t < warmup else 1.0


def transformers_linear(t, total, warmup):
    """get_linear_schedule_with_warmup."""
    if t < warmup:
        return t / max(1, warmup)
    return max(0.0, (total - t) / max(1, total - warmup))


def transformers_cosine(t, total, warmup, num_cycles=0.5):
    """get_cosine_schedule_with_warmup."""
    if t < warmup:
        return t / max(1, warmup)
    progress = (t - warmup) / max(1, total - warmup)
    return max(0.0, 0.5 * (1.0 + math.cos(math.pi * num_cycles * 2.0 * progress)))


def transformers_cosine_with_restarts(t, total, warmup, num_cycles=1):
    """get_cosine_with_hard_restarts_schedule_with_warmup."""
    if t < warmup:
        return t / max(1, warmup)
    progress = (t - warmup) / max(1, total - warmup)
    if progress >= 1.0:
        return 0.0
    return max(0.0, 0.5 * (1.0 + math.cos(math.pi * ((num_cycles * progress) % 1.0))))


def transformers_polynomial(t, total, warmup, lr, lr_end=1e-7, power=1.0):
    """get_polynomial_decay_schedule_with_warmup."""
    if t < warmup:
        return t / max(1, warmup)
    if t > total:
        return lr_end / lr
    remaining = 1 - (t - warmup) / (total - warmup)
    return ((lr - lr_end) * remaining**power + lr_end) / lr


def transformers_inverse_sqrt(t, warmup, timescale=None):
    """get_inverse_sqrt_schedule."""
    timescale = timescale or (warmup or 10_000)
    if t < warmup:
        return t / max(1, warmup)
    return 1.0 / math.sqrt((t + timescale - warmup) / timescale)


def transformers_cosine_with_min_lr(t, total, warmup, min_lr_rate):
    """get_cosine_with_min_lr_schedule_with_warmup; its num_cycles 0.5."""
    if t < warmup:
        return t / max(1, warmup)
    progress = (t - warmup) / max(1, total - warmup)
    factor = 0.5 * (1.0 + math.cos(math.pi * progress))
    return max(0, factor * (1 - min_lr_rate) + min_lr_rate)


def transformers_cosine_warmup_with_min_lr(t, total, warmup, min_lr_rate):
    """get_cosine_with_min_lr_schedule_with_warmup_lr_rate without warmup_lr_rate: one step ahead of the others."""
    if t < warmup:
        return (t + 1) / max(1, warmup)
    progress = (t - warmup + 1) / max(1, total - warmup)
    factor = 0.5 * (1.0 + math.cos(math.pi * progress))
    return max(0, factor * (1 - min_lr_rate) + min_lr_rate)


def transformers_wsd(t, total, warmup, decay, warmup_type="linear", decay_type="cosine", min_lr_ratio=0.0):
    """get_wsd_schedule with num_stable_steps = total - warmup - decay; its num_cycles 0.5."""
    stable = total - warmup - decay
    if t < warmup:
        q = t / max(1, warmup)
        factor = {"linear": q, "cosine": 0.5 * (1.0 - math.cos(math.pi * q)), "1-sqrt": 1.0 - math.sqrt(1.0 - q)}
        return max(0.0, factor[warmup_type] * (1.0 - min_lr_ratio) + min_lr_ratio)
    if t < warmup + stable:
        return 1.0
    if t < total:
        q = (t - warmup - stable) / max(1, decay)
        factor = {"linear": 1.0 - q, "cosine": 0.5 * (1.0 + math.cos(math.pi * q)), "1-sqrt": 1.0 - math.sqrt(q)}
        return max(0.0, factor[decay_type] * (1.0 - min_lr_ratio) + min_lr_ratio)
    return min_lr_ratio


# torchtitan 0.3.0, torchtitan/components/optimizer/lr_scheduler.py.


def torchtitan(t, total, warmup, decay_ratio=None, decay_type="linear", min_lr_factor=0.0):
    """linear_warmup_stable_decay; the stable part has a virtual last step more, so the decay begins a step late."""
    decay = total - warmup if decay_ratio is None else min(round(total * decay_ratio), total - warmup)
    stable = total + 1 - warmup - decay
    if t < warmup:
        return (t + 1) / warmup
    if t < warmup + stable:
        return 1.0
    progress = (t + 1 - warmup - stable) / decay
    factor = {
        "linear": 1 - progress,
        "sqrt": 1 - math.sqrt(progress),
        "cosine": 0.5 * (1.0 + math.cos(math.pi * progress)),
    }[decay_type]
    return min_lr_factor + (1 - min_lr_factor) * factor


# Megatron-LM, megatron-core 0.16.1, megatron/core/optimizer_param_scheduler.py, at a constant batch, where its count of
# samples is t times the batch; max_lr is 1.


def megatron(t, total, warmup, style, min_lr=0.0, wsd_decay=None, wsd_style="exponential", init=0.0):
    """OptimizerParamScheduler.get_lr; lr_decay_steps is the run."""
    if warmup > 0 and t <= warmup:
        return init + (1.0 - init) * t / warmup
    if style == "constant":
        return 1.0
    if t > total:
        return min_lr
    if style == "inverse-square-root":
        return max(min_lr, 1.0 * max(warmup, 1) ** 0.5 / max(t, 1) ** 0.5)
    progress = (t - warmup) / (total - warmup)
    if style == "linear":
        factor = 1.0 - progress
    elif style == "cosine":
        factor = 0.5 * (math.cos(math.pi * progress) + 1.0)
    else:
        anneal_start = total - wsd_decay
        if t <= anneal_start:
            factor = 1.0
        else:
            q = (t - anneal_start) / wsd_decay
            factor = {
                "linear": 1.0 - q,
                "cosine": 0.5 * (math.cos(math.pi * q) + 1.0),
                "exponential": 2.0 * 0.5**q - 1.0,
                "minus_sqrt": 1.0 - math.sqrt(q),
            }[wsd_style]
    return min_lr + factor * (1.0 - min_lr)


def megatron_weight_decay(t, total, start_wd, end_wd, style):
    """OptimizerParamScheduler.get_wd; wd_incr_steps is the run."""
    if t > total:
        return end_wd
    ratio = t / total
    factor = {"linear": ratio, "cosine": 0.5 * (math.cos(math.pi * (1 - ratio)) + 1.0)}[style]
    return start_wd + factor * (end_wd - start_wd)


def megatron_rampup(consumed, start, increment, ramp_samples, full):
    """num_microbatches_calculator.py, --rampup-batch-size: the batch once `consumed` samples are consumed."""
    if consumed > ramp_samples:
        return full
    per_increment = ramp_samples / ((full - start) // increment)
    return min(full, start + int(consumed / per_increment) * increment)


# OLMo-core 3.0.0, olmo_core/optim/scheduler.py. The trainer counts a step before its batch, so current is t + 1.


def _olmo_warmup(current, warmup):
    return 1.0 * min(current, warmup) / warmup


def olmo_core_linear(t, total, warmup, alpha_f=0.1):
    """LinearWithWarmup."""
    current = t + 1
    if current < warmup:
        return _olmo_warmup(current, warmup)
    if current >= total:
        return alpha_f
    return 1.0 - (1.0 - alpha_f) * ((current - warmup) / (total - warmup))


def olmo_core_cosine(t, total, warmup, alpha_f=0.1):
    """CosWithWarmup."""
    current = t + 1
    if current < warmup:
        return _olmo_warmup(current, warmup)
    if current >= total:
        return alpha_f
    return alpha_f + (1.0 - alpha_f) * (1 + math.cos(math.pi * (current - warmup) / (total - warmup))) / 2


def olmo_core_half_cosine(t, total, warmup, alpha_f=0.1):
    """HalfCosWithWarmup: warms up to the middle, then follows the second half of a cosine."""
    current = t + 1
    if current < warmup:
        return (alpha_f + (1.0 - alpha_f) / 2) * min(current, warmup) / warmup
    if current >= total:
        return alpha_f
    length = total - warmup
    return alpha_f + (1.0 - alpha_f) * (1 + math.cos(math.pi * (current - warmup + length) / (2 * length))) / 2


def olmo_core_wsds(t, total, warmup, periods, decay, decay_min_lr=0.0):
    """WSDS with periods of one length, the warmup being part of the first."""
    current, length = t + 1, total // periods
    if current < warmup:
        return _olmo_warmup(current, warmup)
    if current >= total:
        return decay_min_lr
    adjusted, ends = current - warmup, [(k + 1) * length - warmup for k in range(periods)]
    period = next(k for k, end in enumerate(ends) if adjusted <= end)
    start = 0 if period == 0 else ends[period - 1]
    stable = ends[period] - start - decay
    position = adjusted - start
    if position < stable:
        return 1.0
    return decay_min_lr + (1.0 - decay_min_lr) * min(decay - (position - stable), decay) / decay


def olmo_core_inverse_sqrt(t, total, warmup, alpha_f=0.1):
    """InvSqrtWithWarmup."""
    current = t + 1
    if current < warmup:
        return _olmo_warmup(current, warmup)
    return alpha_f + (1.0 - alpha_f) * math.sqrt(warmup / max(current, warmup))


def olmo_core_wsd(t, total, warmup, decay, decay_min_lr=0.0):
    """WSD."""
    current = t + 1
    if current <= warmup:
        return _olmo_warmup(current, warmup)
    if current >= total - decay:
        return decay_min_lr + (1.0 - decay_min_lr) * min(total - current, decay) / decay
    return 1.0


def olmo_core_power(t, total, warmup, decay, b=-0.51, decay_min_lr=0.0):
    """PowerLR."""
    current = t + 1
    if current <= warmup:
        return _olmo_warmup(current, warmup)
    if current >= total - decay:
        start = ((total - decay) / warmup) ** b
        return decay_min_lr + (start - decay_min_lr) * min(total - current, decay) / decay
    return (current / warmup) ** b


# levanter, marin-levanter 0.2.20 (2026-06-18), levanter/optim/config.py; optax counts from 0, and at a boundary the
# next schedule starts at its own 0.


def levanter(t, total, warmup, decay=None, decay_type="cosine", min_lr_ratio=0.1, cycles=1, rewarmup=0):
    """LrScheduleConfig.lr_scheduler with whole steps and a whole number of equal cycles."""
    length = total // cycles
    cycle = min(t // length, cycles - 1)
    start = cycle * length
    rise = warmup if cycle == 0 else rewarmup
    low = 0.0 if cycle == 0 else min_lr_ratio
    fall = length - rise if decay is None else decay
    n = t - start
    if n < rise:
        return low + (1.0 - low) * n / rise
    if n < length - fall:
        return 1.0
    n -= length - fall
    if decay_type == "linear":
        return 1.0 - (1.0 - min_lr_ratio) * (n / fall)
    if decay_type == "cosine":
        return (1 - min_lr_ratio) * (0.5 * (1 + math.cos(math.pi * n / fall))) + min_lr_ratio
    return max(min_lr_ratio, 1.0 / ((1.0 / min_lr_ratio - 1) * max(n, 1) / fall + 1))  # "inv"


# Composer, mosaicml 0.32.1, composer/optim/scheduler.py, in batches.


def _composer_warmup(t, warmup, alpha_i=1.0):
    return alpha_i * t / warmup


def composer_linear(t, total, warmup, alpha_i=1.0, alpha_f=0.0):
    """LinearWithWarmupScheduler; the code divides by t_max - t_warmup."""
    if t < warmup:
        return _composer_warmup(t, warmup, alpha_i)
    fraction = min(1.0, (t - warmup) / (total - warmup))
    return alpha_i + (alpha_f - alpha_i) * fraction


def composer_cosine(t, total, warmup, alpha_f=0.0):
    """CosineAnnealingWithWarmupScheduler."""
    if t < warmup:
        return _composer_warmup(t, warmup)
    fraction = min(1.0, (t - warmup) / (total - warmup))
    return alpha_f + (1 - alpha_f) * (1 + math.cos(math.pi * fraction)) / 2


def composer_polynomial(t, total, warmup, power=2.0, alpha_f=0.0):
    """PolynomialWithWarmupScheduler."""
    if t < warmup:
        return _composer_warmup(t, warmup)
    fraction = min(1.0, (t - warmup) / (total - warmup))
    return alpha_f + (1 - alpha_f) * (1 - fraction) ** power


def composer_multistep(t, warmup, milestones, gamma=0.1):
    """MultiStepWithWarmupScheduler."""
    if t < warmup:
        return _composer_warmup(t, warmup)
    return gamma ** sum(t >= milestone for milestone in milestones)


# timm 1.0.31, timm/scheduler/, update by update; lr_max is 1.


def timm_cosine(t, total, warmup, warmup_lr_init, lr_min=0.0, k=1.0):
    """CosineLRScheduler with warmup_prefix and one cycle; total counts the warmup."""
    if t < warmup:
        return warmup_lr_init + t * (1.0 - warmup_lr_init) / warmup
    t, length = t - warmup, total - warmup
    if t >= length:
        return lr_min
    return lr_min + 0.5 * (1.0 - lr_min) * (1 + math.cos(math.pi * t**k / length**k))


def timm_cosine_without_prefix(t, total, warmup, warmup_lr_init, lr_min=0.0):
    """CosineLRScheduler with warmup_prefix False, its default, and one cycle over the run."""
    if t < warmup:
        return warmup_lr_init + t * (1.0 - warmup_lr_init) / warmup
    return lr_min + 0.5 * (1.0 - lr_min) * (1 + math.cos(math.pi * t / total)) if t < total else lr_min


def timm_cosine_cycles(t, warmup, t_initial, mul, decay, limit, warmup_lr_init=0.01, lr_min=0.0, k=1.0):
    """CosineLRScheduler with warmup_prefix and cycles, which are counted here, where timm takes a logarithm."""
    if t < warmup:
        return warmup_lr_init + t * (1.0 - warmup_lr_init) / warmup
    t -= warmup
    i, begin, length = 0, 0, t_initial
    while t >= begin + length:
        i, begin, length = i + 1, begin + length, length * mul
    if i >= limit:
        return lr_min
    return lr_min + 0.5 * (decay**i - lr_min) * (1 + math.cos(math.pi * (t - begin) ** k / length**k))


def timm_poly(t, total, warmup, warmup_lr_init, lr_min=0.0, power=0.5):
    """PolyLRScheduler with warmup_prefix, one cycle and k_decay 1."""
    if t < warmup:
        return warmup_lr_init + t * (1.0 - warmup_lr_init) / warmup
    t, length = t - warmup, total - warmup
    if t >= length:
        return lr_min
    return lr_min + (1.0 - lr_min) * (1 - t / length) ** power


def timm_step(t, warmup, warmup_lr_init, decay_t, decay_rate):
    """StepLRScheduler with warmup_prefix, its class's default."""
    if t < warmup:
        return warmup_lr_init + t * (1.0 - warmup_lr_init) / warmup
    return 1.0 * decay_rate ** ((t - warmup) // decay_t)


def timm_tanh(t, total, warmup, warmup_lr_init, lr_min=0.0, lb=-7.0, ub=3.0):
    """TanhLRScheduler with warmup_prefix and one cycle; total counts the warmup."""
    if t < warmup:
        return warmup_lr_init + t * (1.0 - warmup_lr_init) / warmup
    t, length = t - warmup, total - warmup
    if t >= length:
        return lr_min
    tr = t / length
    return lr_min + 0.5 * (1.0 - lr_min) * (1 - math.tanh(lb * (1.0 - tr) + ub * tr))


def timm_wsd(t, total, warmup, decay, warmup_lr_init, lr_min=0.0):
    """WSDLRScheduler with a constant stable phase and the 1-sqrt decay, its defaults."""
    if t < warmup:
        return warmup_lr_init + t * (1.0 - warmup_lr_init) / warmup
    start = total - decay
    if t < start:
        return 1.0
    return lr_min + (1.0 - lr_min) * (1 - math.sqrt((t - start) / decay))


# nanoGPT, train.py; lr_decay_iters is the run.


def nanogpt(t, total, warmup, min_lr=0.1):
    """get_lr."""
    if t < warmup:
        return (t + 1) / (warmup + 1)
    if t > total:
        return min_lr
    ratio = (t - warmup) / (total - warmup)
    return min_lr + 0.5 * (1.0 + math.cos(math.pi * ratio)) * (1.0 - min_lr)


# nanochat, scripts/base_train.py at 00255c19.


def nanochat_lr(t, total, warmup=40, warmdown_ratio=0.65, final_lr_frac=0.05):
    """get_lr_multiplier."""
    warmdown = round(warmdown_ratio * total)
    if t < warmup:
        return (t + 1) / warmup
    if t <= total - warmdown:
        return 1.0
    progress = (total - t) / warmdown
    return progress * 1.0 + (1 - progress) * final_lr_frac


def nanochat_momentum(t, total, warmdown_ratio=0.65):
    """get_muon_momentum: the momentum itself."""
    warmdown = round(warmdown_ratio * total)
    if t < 400:
        return 0.85 + (0.97 - 0.85) * (t / 400)
    if t >= total - warmdown:
        return 0.97 + (0.90 - 0.97) * ((t - (total - warmdown)) / warmdown)
    return 0.97


def nanochat_weight_decay(t, total):
    """get_weight_decay over its base value."""
    return 0.5 * (1 + math.cos(math.pi * t / total))


# modded-nanogpt, train_gpt.py at 0016a3c4: 1285 scheduled iterations and 15 more.


def modded_nanogpt(t):
    """TrainingSchedule.get_lr: stages to round(1285 / 3) and round(2 * 1285 / 3), cooldown from int(1285 * 0.4)."""
    multiplier = 1.0 if t < 428 else 1.52 if t < 857 else 1.73
    if t < 514:
        return multiplier
    tau = min(1, (t - 514) / (1285 - 514))
    return multiplier * (1 - tau) + 0.15 * tau


def modded_nanogpt_batch(t):
    """TRAINING_STAGES: 8, 16 and 24 times 2048 * 8 tokens, the last one in the extension too."""
    return 8 if t < 428 else 16 if t < 857 else 24


def modded_nanogpt_momentum(t):
    """get_muon_momentum: the momentum itself."""
    if t < 300:
        return 0.85 + t / 300 * (0.95 - 0.85)
    if t > 1300 - 50:
        return 0.95 - (t - 1250) / 50 * (0.95 - 0.85)
    return 0.95
