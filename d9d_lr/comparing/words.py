"""The answer in words: what is best, by how much, and what stays unknown."""

from __future__ import annotations

import math
from collections.abc import Sequence

from d9d_lr.comparing.answer import MOST_SEEDS, Answer, Lead
from d9d_lr.comparing.candidates import Candidate, schedule_name
from d9d_lr.comparing.comparisons import LENGTH_KEYS
from d9d_lr.comparing.folding import Setting

LEGEND = (
    "± after a mean: standard deviation over seeds. ± after a lead: its standard error, each schedule at its own best "
    "setting. Separable: schedules that are equal would look so less than one time in twenty, the choice of the best "
    "setting among all counted in."
)


def sentence(answer: Answer) -> str:
    """Returns which schedule is best, at which setting, how far ahead, and whether that is more than noise."""
    if answer.best is None:
        known = any(setting.count for setting in answer.settings)
        return "no answer: of each setting a seed diverged" if known else "no answer yet: no point has an objective"
    if len(answer.settings) == 1:
        return f"one setting, nothing to compare it with: {_worth(answer.best.best)}"
    so_far = "so far " if answer.pending else ""
    best = f"{so_far}{answer.best.name} is best: {_worth(answer.best.best)}{_at(answer.best, answer.keys)}"
    if not answer.leads:
        return f"{best}; nothing else completed to compare it with"
    return f"{best}; {_lead(answer)}"


def notes(answer: Answer) -> list[str]:
    """Returns what one must know beside the answer: other candidates, edges of ranges, points without a number."""
    found = []
    if answer.pending:
        found.append(f"{counted(answer.pending, 'point')} of this comparison not finished: all of this may change")
    close = [lead.other.name for lead in answer.leads[1:] if not lead.separable and lead.error is not None]
    if close:
        found.append(f"may be as good too: {listed(close)}")
    compared = [one for one in [answer.best, *(lead.other for lead in answer.leads[:1])] if one]
    found += [_edge(one) for one in compared if one.edges]
    lost = [one for one in answer.settings if one.diverged]
    if lost:
        names = _shared_value(lost, answer.settings) or listed([_named(one) for one in lost], most=3)
        found.append(f"{counted(len(lost), 'setting')} with a seed that diverged, which cannot be best: {names}")
    return found


def _shared_value(some: Sequence[Setting], settings: Sequence[Setting]) -> str:
    """Returns the value that these settings have and no other, as "all with optimizer.lr=0.1"; empty if none."""
    if len(some) < 2:
        return ""
    for key, value in some[0].values.items():
        if [one for one in settings if one.values[key] == value] == list(some):
            return f"all with {key}={value}"
    return ""


def measured(mean: float | None, noise: float | None) -> str:
    """Returns a mean with its noise, to the digits that the noise leaves: `0.586 ± 0.095`."""
    if mean is None:
        return "-"
    if noise is None or not noise:
        return f"{mean:.4g}"
    digits = _digits(noise)
    return f"{mean:.{digits}f} ± {noise:.{digits}f}"


def _digits(noise: float) -> int:
    return max(0, min(8, 1 - math.floor(math.log10(noise))))


def _worth(setting: Setting) -> str:
    seeds = "1 run" if setting.count == 1 else f"{setting.count} seeds"
    state = f"; {setting.state}" if setting.state else ""
    return f"{measured(setting.mean, setting.deviation)} ({seeds}{state})"


def _at(candidate: Candidate, keys: Sequence[str]) -> str:
    rest = [f"{key}={value}" for key, value in candidate.best.values.items() if key not in (*keys, *LENGTH_KEYS)]
    place = f" in {candidate.best.sweep}" if candidate.best.sweep else ""
    return (f" at {', '.join(rest)}" if rest else "") + place


def _lead(answer: Answer) -> str:
    lead = answer.leads[0]
    ahead = f"ahead of {lead.other.name} by"
    if lead.error is None:
        return f"{ahead} {lead.difference:.3g}: with one seed the noise is unknown, and this may be chance"
    how = f", paired over {lead.pairs} seeds" if lead.pairs else ", not paired, for they share no seeds"
    return f"{ahead} {_difference(lead)}{how}: {_verdict(answer)}"


def _difference(lead: Lead) -> str:
    assert lead.error is not None
    if lead.error == 0:
        return f"{lead.difference:.3g}"
    digits = _digits(lead.error)
    return f"{lead.difference:.{digits}f} ± {lead.error:.{digits}f}"


def _verdict(answer: Answer) -> str:
    lead = answer.leads[0]
    if answer.separable:
        return "separable from every other" if len(answer.leads) > 1 else "separable"
    if lead.separable:
        return "separable from it, but not from all"
    if not lead.pairs:
        return "not separable; give all of them the same seeds"
    if lead.difference <= 0 or lead.error == 0:
        return "not separable: they are equal"
    if lead.more_seeds is None:
        return f"not separable; even {MOST_SEEDS} more seeds would not do"
    return f"not separable; about {counted(lead.more_seeds, 'more seed')} would be needed"


def _edge(candidate: Candidate) -> str:
    ends = [
        f"{edge.key}={edge.value} is the {'lowest' if edge.lowest else 'highest'} that was tried"
        for edge in candidate.edges
    ]
    return f"the best of {candidate.name} lies at the edge: {listed(ends)}; its true best may lie beyond"


def _named(setting: Setting) -> str:
    return setting.label or schedule_name(setting, list(setting.values))


def listed(names: Sequence[str], most: int = 6) -> str:
    """Returns names, the first of many and how many more there are."""
    more = len(names) - most
    return "; ".join(names) if more <= 0 else f"{'; '.join(names[:most])}; and {more} more"


def counted(count: int, name: str) -> str:
    """Returns "1 run" or "2 runs"."""
    return f"1 {name}" if count == 1 else f"{count} {name}s"
