"""The learning rates of published models, typed from their reports: t is the step, from 0; the result the LR itself.

Nothing of the package is used here. An amount of tokens ends at the last step that is wholly inside it; one that a
phase lasts is counted from the step where the phase begins. The batch is that of the end of the run throughout. What a
report does not say is not here: where the value of step 0 is not printed, the formula's 0 is taken.
"""

import math


def _linear(t, begin, end, low, high):
    return low + (high - low) * (t - begin) / (end - begin)


def _cosine(t, begin, end, high, low):
    return low + (high - low) * (1 + math.cos(math.pi * (t - begin) / (end - begin))) / 2


# Brown et al. 2020, arXiv:2005.14165, appendix B and Table 2.1: 375 million tokens of linear warmup, cosine to 10% over
# 260 billion tokens, 300 billion in all; 175B: 3.2M tokens a step, 0.6e-4.
def gpt3(t, batch=3_200_000):
    warm, end = 375_000_000 // batch, 260_000_000_000 // batch
    if t < warm:
        return _linear(t, 0, warm, 0.0, 0.6e-4)
    return _cosine(t, warm, end, 0.6e-4, 0.6e-5) if t < end else 0.6e-5


# Hoffmann et al. 2022, arXiv:2203.15556, Table 4 and appendix D.1: 1e-4, cosine by a factor of 10 over 1.4T tokens. Its
# warmup is not in the paper. "We double the batch size midway through training", 1.5M to 3M: here, after 0.7T tokens.
CHINCHILLA_STEPS = (
    700_000_000_000 // 1_500_000 + (1_400_000_000_000 - 700_000_000_000 // 1_500_000 * 1_500_000) // 3_000_000
)


def chinchilla(t):
    return _cosine(t, 0, CHINCHILLA_STEPS, 1e-4, 1e-5)


def chinchilla_batch(t):
    return 1.5e6 if t < 700_000_000_000 // 1_500_000 else 3e6


# Touvron et al. 2023, arXiv:2307.09288, section 2.2 and Table 1: 2000 steps of warmup, cosine to 10%, 2.0T tokens in
# batches of 4M; 3.0e-4 (7B).
def llama2(t):
    end = 2_000_000_000_000 // 4_000_000
    return _linear(t, 0, 2000, 0.0, 3.0e-4) if t < 2000 else _cosine(t, 2000, end, 3.0e-4, 3.0e-5)


# arXiv:2407.21783, section 3.4.1: 8e-5, linear warmup over 8,000 steps, cosine to 8e-7 over 1,200,000 steps.
def llama3_405b(t):
    return _linear(t, 0, 8000, 0.0, 8e-5) if t < 8000 else _cosine(t, 8000, 1_200_000, 8e-5, 8e-7)


# The same: an initial batch of 4M tokens, 8M after 252M tokens, 16M after 2.87T.
def llama3_405b_batch(t):
    first = 252_000_000 // 4_000_000
    second = first + (2_870_000_000_000 - first * 4_000_000) // 8_000_000
    return 4e6 if t < first else 8e6 if t < second else 16e6


# arXiv:2405.04434, appendix B (and the model card, section 6): 4608 sequences of 4K, 5.7T tokens; 2K steps of warmup to
# 4.2e-4; times 0.316 after about 80% of the tokens, and again after about 90%.
def deepseek_v2_lite(t, batch=4608 * 4096):
    total = 5_700_000_000_000 // batch
    if t < 2000:
        return _linear(t, 0, 2000, 0.0, 4.2e-4)
    if t < total * 8 // 10:
        return 4.2e-4
    return 4.2e-4 * 0.316 if t < total * 9 // 10 else 4.2e-4 * 0.316 * 0.316


# arXiv:2412.19437, section 4.2: 2K steps to 2.2e-4; constant until 10T tokens; cosine to 2.2e-5 in 4.3T; 2.2e-5 for
# 333B, then 7.3e-6 for 167B. 15360 sequences of 4K once the ramp is done.
def deepseek_v3(t, batch=15360 * 4096):
    hold = 10_000_000_000_000 // batch
    fall = hold + 4_300_000_000_000 // batch
    low = fall + 333_000_000_000 // batch
    if t < 2000:
        return _linear(t, 0, 2000, 0.0, 2.2e-4)
    if t < hold:
        return 2.2e-4
    if t < fall:
        return _cosine(t, hold, fall, 2.2e-4, 2.2e-5)
    return 2.2e-5 if t < low else 7.3e-6


# The same, section 4.3: "two additional training phases, each comprising 1000 steps", at 7.3e-6, "matching the final
# learning rate from the pre-training stage".
def deepseek_v3_long_context(t):
    return 7.3e-6


# arXiv:2507.20534, section 2.5: 500 steps of warmup, 2e-4 for the first 10T tokens, cosine to 2e-5 over 5.5T; 67M
# tokens a step.
def kimi_k2(t, batch=67_000_000):
    hold = 10_000_000_000_000 // batch
    end = hold + 5_500_000_000_000 // batch
    if t < 500:
        return _linear(t, 0, 500, 0.0, 2e-4)
    return 2e-4 if t < hold else _cosine(t, hold, end, 2e-4, 2e-5) if t < end else 2e-5


# arXiv:2502.16982, section 3.3: 0 to 33B tokens: to 4.2e-4; cosine to 4.2e-5 until 5.2T; 1e-4 again in 100 steps;
# linear to 0 at 5.7T. 2048 sequences of 8K a step until 200B tokens, then 4096.
MOONLIGHT_DOUBLES = 200_000_000_000 // (2048 * 8192)


def _moonlight_step(tokens, batch=4096 * 8192):
    before = MOONLIGHT_DOUBLES * batch // 2
    return tokens // (batch // 2) if tokens <= before else MOONLIGHT_DOUBLES + (tokens - before) // batch


MOONLIGHT_STEPS = _moonlight_step(5_700_000_000_000)


def moonlight_batch(t):
    return 2048 if t < MOONLIGHT_DOUBLES else 4096


def moonlight(t):
    warm, fall, end = map(_moonlight_step, (33_000_000_000, 5_200_000_000_000, 5_700_000_000_000))
    if t < warm:
        return _linear(t, 0, warm, 0.0, 4.2e-4)
    if t < fall:
        return _cosine(t, warm, fall, 4.2e-4, 4.2e-5)
    if t < fall + 100:
        return _linear(t, fall, fall + 100, 4.2e-5, 1e-4)
    return _linear(t, fall + 100, end, 1e-4, 0.0)


# arXiv:2508.06471, section 2.4: 0 to 2.5e-4, cosine to 2.5e-5 until the end of 23.1T tokens, 64M a step. The length of
# the warmup is not given.
def glm_4_5(t, warm_tokens, batch=64_000_000):
    warm, end = warm_tokens // batch, 23_100_000_000_000 // batch
    return _linear(t, 0, warm, 0.0, 2.5e-4) if t < warm else _cosine(t, warm, end, 2.5e-4, 2.5e-5)


# arXiv:2512.20848, section 2.4: 8.4 billion tokens to 1e-3, constant until 20T, to 1e-5 over the last 5T; 3072
# sequences of 8192. The report does not give the shape of the decay: the function takes it.
def nemotron_3_nano(t, shape, batch=3072 * 8192):
    warm, hold = 8_400_000_000 // batch, 20_000_000_000_000 // batch
    end = hold + 5_000_000_000_000 // batch
    if t < warm:
        return _linear(t, 0, warm, 0.0, 1e-3)
    return 1e-3 if t < hold else 1e-5 + (1e-3 - 1e-5) * shape((t - hold) / (end - hold))


# The Nemotron 3 Super report: 200B tokens to 4.5e-4, minus-sqrt over the last 5T of 25T to 4.5e-6; 3072 sequences
# of 8192.
def nemotron_3_super(t, batch=3072 * 8192):
    warm, end = 200_000_000_000 // batch, 25_000_000_000_000 // batch
    hold = (end * batch - 5_000_000_000_000) // batch
    if t < warm:
        return _linear(t, 0, warm, 0.0, 4.5e-4)
    return 4.5e-4 if t < hold else 4.5e-6 + (4.5e-4 - 4.5e-6) * (1 - math.sqrt((t - hold) / (end - hold)))


# "SmolLM - blazingly fast and remarkably powerful", its table: 1.71B: 5e-4, 2M tokens a step, 1T tokens, a trapezoid
# with a cooldown of 20%. Neither the warmup nor the final value is given; the trapezoid goes to 0.
def smollm_1_7b(t, warm):
    total = 1_000_000_000_000 // 2_000_000
    if t < warm:
        return _linear(t, 0, warm, 0.0, 5e-4)
    return 5e-4 if t < total * 8 // 10 else _linear(t, total * 8 // 10, total, 5e-4, 0.0)


# arXiv:2502.02737, sections 4.1 and 4.5: 5.0e-4, 2,000 steps of warmup, linear to 0 over the last 10% of 11T tokens, 2M
# a step.
def smollm2_1_7b(t):
    total = 11_000_000_000_000 // 2_000_000
    if t < 2000:
        return _linear(t, 0, 2000, 0.0, 5e-4)
    return 5e-4 if t < total * 9 // 10 else _linear(t, total * 9 // 10, total, 5e-4, 0.0)


# huggingface/smollm, text/pretraining/smollm3/stage1_8T.yaml: lr_warmup_steps 2000, lr_decay_starting_step 4198001,
# lr_decay_steps 522000, train_steps 4720000, 0.0002; the formula is nanotron 0.4's, whose decay ends one step later.
def smollm3(t):
    if t <= 2000:
        return 0.0002 * t / 2000
    if t < 4_198_001:
        return 0.0002
    return 0.0002 * (522_000 - (t - 4_198_001)) / 522_000


# arXiv:2509.14233, sections 2.2 and 2.3: warmup from a tenth over 16.8B tokens, 1-sqrt from 13.5T to a tenth at 15T,
# peak 1e-5; 4096 sequences of 4096 a step. swiss-ai/pretrain-code, submit_apertus_70b.sh: --rampup-batch-size 2048 2048
# 1072164864, which are 523518 steps of 2048.
def _apertus_step(tokens):
    before = 1_072_164_864 * 4096
    return tokens // (2048 * 4096) if tokens <= before else 523_518 + (tokens - before) // (4096 * 4096)


APERTUS_STEPS = _apertus_step(15_000_000_000_000)


def apertus_70b_batch(t):
    return 2048 if t < 523_518 else 4096


def apertus_70b(t):
    warm, hold, end = map(_apertus_step, (16_800_000_000, 13_500_000_000_000, 15_000_000_000_000))
    if t < warm:
        return _linear(t, 0, warm, 1e-6, 1e-5)
    return 1e-5 if t < hold else 1e-6 + (1e-5 - 1e-6) * (1 - math.sqrt((t - hold) / (end - hold)))


# allenai/OLMo-core, src/scripts/official/OLMo2/OLMo-2-0325-32B-train.py: CosWithWarmup(warmup_steps=2000), 6e-4, 6.5e12
# tokens in batches of 2048 * 4096; OLMo-core rounds the run up to a whole batch, and counts steps from 1.
def olmo2_32b(t):
    total = -(-6_500_000_000_000 // (2048 * 4096))
    current = t + 1
    return 6e-4 * current / 2000 if current < 2000 else _cosine(current, 2000, total, 6e-4, 6e-5)


# allenai/OLMo-core, OLMo-3-1025-7B-pretrain-1.py and -2.py: half of a cosine over int(5e12) // 4194304 = 1192092 steps
# until step 597046, then the second half of one that ends after 7e12 tokens; one epoch is step 1413814.
def olmo3_7b(t):
    current = t + 1
    if current < 2000:
        return 3e-4 * current / 2000
    if current <= 597_046:
        return _cosine(current, 2000, 1_192_092, 3e-4, 3e-5)
    end = -(-7_000_000_000_000 // 4_194_304)
    half = end - 597_046
    return _cosine(current, 597_046 - half, end, 3e-4, 3e-5)


# allenai/OLMo-core, OLMo-3-1025-7B-midtrain.py: LinearWithWarmup(warmup=0, alpha_f=0.0) from 0.00020712352850360292
# over 100e9 tokens in batches of 2^21, rounded up to a whole batch; steps are counted from 1.
def olmo3_7b_midtraining(t):
    total = -(-100_000_000_000 // 2**21)
    return 0.00020712352850360292 * (1 - (t + 1) / total)


# The same, OLMo-3-1025-7B-long-context.py and README.md: LinearWithWarmup(warmup=200, alpha_f=0.0), 50e9 tokens in
# batches of 65536 * 64.
def olmo3_7b_long_context(t):
    total, current = -(-50_000_000_000 // (65536 * 64)), t + 1
    if current < 200:
        return 0.00020712352850360292 * current / 200
    return 0.00020712352850360292 * (1 - (current - 200) / (total - 200))


# arXiv:2410.05192: budgets of 50B, 100B and 200B tokens, 4M a step, a decay before each, and back to the peak behind
# it. Warmup, share of the decay and levels are not given; the decay is the one of the authors' framework.
def wsd_s(t, warm, share, low):
    start, end = next((a, b) for a, b in ((0, 12_500), (12_500, 25_000), (25_000, 50_000)) if t < b)
    if t < warm:
        return t / warm
    fall = round((end - start) * share)
    n = t - (end - fall)
    return 1.0 if n < 0 else 1.0 / ((1.0 / low - 1) * n / fall + 1)


# arXiv:2404.06395, section 6.2: 0.01, batches of 3.93 million tokens, about 1T of them constant, then 0.5^((s - S) / T)
# with T = 5000. Warmup and length of the decay are not given; the function is what follows the warmup.
def minicpm(t, warm):
    stable = 1_000_000_000_000 // 3_930_000
    if t < warm:
        return _linear(t, 0, warm, 0.0, 0.01)
    return 0.01 if t < stable else 0.01 * 0.5 ** ((t - stable) / 5000)


# marin-community/marin, docs/reports/marin-8b-retro.md: WSD-S at 1e-3 with 1,000 steps of warmup, every 10k steps a
# decay of 1k to a tenth ("inv") for the first 200k, then every 20k one of 2k, until 660,000; 1.7e-3 until 740,500;
# linear to 1.7e-4 at 820,000; 2,000 steps back to 1.7e-3, held until 1,320,000; linear to 1.7e-5 at 1,400,000, held for
# 20,000 steps.
def marin_8b(t):
    if t < 1000:
        return _linear(t, 0, 1000, 0.0, 1e-3)
    if t < 660_000:
        period, decay = (10_000, 1000) if t < 200_000 else (20_000, 2000)
        into = (t if t < 200_000 else t - 200_000) % period - (period - decay)
        return 1e-3 if into < 0 else 1e-3 / ((1 / 0.1 - 1) * into / decay + 1)
    if t < 740_500:
        return 1.7e-3
    if t < 820_000:
        return _linear(t, 740_500, 820_000, 1.7e-3, 1.7e-4)
    if t < 822_000:
        return _linear(t, 820_000, 822_000, 1.7e-4, 1.7e-3)
    if t < 1_320_000:
        return 1.7e-3
    return _linear(t, 1_320_000, 1_400_000, 1.7e-3, 1.7e-5) if t < 1_400_000 else 1.7e-5


# The same: 1024 sequences, three times as many at around 2.77e12 tokens (660,000 steps of 1024 * 4096, 2.768e12), and
# 4096 in the second cooldown, from step 1,320,000.
def marin_8b_batch(t):
    return 1024 if t < 660_000 else 3072 if t < 1_320_000 else 4096


# arXiv:2502.15938: linear warmup over the first 10% of the steps, then linear to zero.
def d2z(t, total):
    warm = total // 10
    return _linear(t, 0, warm, 0.0, 1.0) if t < warm else _linear(t, warm, total, 1.0, 0.0)


# arXiv:2408.13359, section 4, Eq. 7 and 8, PowerLM-3B: min(0.02, 1024 * 4 * n^-0.51) at n tokens, 1024 sequences of
# 4096, 1T tokens; warmup over 1e9 tokens. The 250B "exponentially to zero" after it have no formula in the paper.
def power(t, batch=1024 * 4096):
    warm = 1_000_000_000 // batch
    if t < warm:
        return _linear(t, 0, warm, 0.0, 0.02)
    return min(0.02, 1024 * 4 * (t * batch) ** -0.51)


# arXiv:2503.02844, Eq. 1, with the numbers of arXiv:2403.08763, section 7: 1% of warmup, cosine to a constant,
# constant, exponential to a tenth. Where these end is not given: 15% and 80% are taken.
def infinite_lr(t, total):
    warm, cool, anneal = total // 100, total * 15 // 100, total * 8 // 10
    if t < warm:
        return t / warm
    if t < cool:
        return 0.55 + (1 - 0.55) / 2 * (1 + math.cos(math.pi * (t - warm) / (cool - warm)))
    return 0.55 if t < anneal else 0.55 * (0.1 / 0.55) ** ((t - anneal) / (total - anneal))


# arXiv:2507.17634, sections 3.2 and 4.1: linear warmup (its length is in an appendix not read), 4.78e-4 constant over
# 10.2T and 400B tokens; what stands in for the decay is a merge of checkpoints.
def wsm(t, warm):
    return _linear(t, 0, warm, 0.0, 4.78e-4) if t < warm else 4.78e-4
