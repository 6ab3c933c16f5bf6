"""Checks that the application names: some that its author could write, and some that are wrong themselves."""

from d9d_lr import Problem
from d9d_lr.sweeping.checker import RunPreview


def yields_texts(cfg):
    if cfg.rate <= 0:
        yield f"rate is {cfg.rate}, and must be above 0"
    if cfg.model.width > 100:
        yield "too wide"


def raises(cfg):
    if cfg.rate <= 0:
        raise ValueError(f"rate {cfg.rate}\nis bad")


def returns_one_text(cfg):
    return "no rate" if cfg.rate <= 0 else None


def returns_problems(cfg):
    return [Problem("rate", f"{cfg.rate} is not allowed", "type rate=1")] if cfg.rate <= 0 else []


def previews(cfg):
    # rate and its negative compute the same
    return RunPreview(fingerprint=f"rate {abs(cfg.rate)}", total_steps=7, columns={"area": f"{cfg.model.width**2}"})


def answers_oddly(cfg):
    return 3


NO_CALLABLE = 3
