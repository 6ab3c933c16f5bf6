"""`predict best`: the best hold and decay by a law, as overrides to paste, and whether it is worth it."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from d9d_lr.laws.best import FAMILIES, Best, best_of
from d9d_lr.laws.law import Law
from d9d_lr.predicting.fitting import doubts
from d9d_lr.sweeping.baselines import warmup_words


def print_best(console: Console, law: Law, family: str, total_steps: int) -> None:
    """Prints the best schedule of a family, what the law promises of it, and what WSD 20 % would give."""
    best = best_of(law, family, total_steps)
    decays = "power " + f"{best.power:g}" if len(FAMILIES[family]) > 1 else family
    console.print(Text(f"hold until {best.hold_until:.0%}, then {decays} to zero:"), soft_wrap=True)
    console.print(Text(f"  {' '.join(overrides_of(law, best, total_steps))}", style="bold"), soft_wrap=True)
    found = best.prediction
    console.print(Text(f"predicted {found.loss:.4f} ({found.low:.4f} to {found.high:.4f})"), soft_wrap=True)
    gained = f"a gain of {best.gain:.2%}" if best.gain > 0 else f"{-best.gain:.2%} better than this"
    console.print(Text(f"WSD 20 % {best.rule.loss:.4f}: {gained}, known to {best.gain_error:.2%}"), soft_wrap=True)
    if best.gain <= 0:
        console.print(Text("take WSD 20 %"), soft_wrap=True)
    elif best.gain <= best.gain_error:
        console.print(
            Text("the gain is smaller than the law's error: take WSD 20 % unless a run says otherwise"), soft_wrap=True
        )
    for doubt in doubts(law):
        console.print(Text(doubt, style="yellow"), soft_wrap=True)


def overrides_of(law: Law, best: Best, total_steps: int) -> list[str]:
    """Returns what to type for a schedule of `laws.best`."""
    return [
        "lr=wsd",
        *warmup_words(law.warmup_steps),
        f"lr.phases.1.percentage={best.hold_until:g}",
        "lr/decay@lr.phases.2=poly_to_zero",
        f"lr.phases.2.curve.power={best.power:g}",
        f"train.total_steps={total_steps}",
        f"optimizer.lr={law.reference_lr:.6g}",
    ]
