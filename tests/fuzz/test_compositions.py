"""Random lists of valid overrides, composed, against m(t) worked out by hand from the packaged files.

What each override does is done a second time here, on plain dictionaries read from the files, and the multipliers are
those of `helpers/obvious.py`; neither uses Hydra or the package.
"""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from d9d_lr import ConfigError, build_schedule, compose_lr
from helpers import obvious
from helpers.effort import examples, no_hang
from helpers.strategies import steps_of_interest

PRESETS = [
    *("wsd", "warmup_cosine", "warmup_linear", "warmup_hold_cosine", "constant", "linear_to_zero"),
    *("warmup_constant", "docs_example"),
]
GROUPS = {
    "warmup": ["linear", "cosine", "poly", "exponential", "linear_percentage", "cosine_percentage", "none"],
    "hold": ["until_percentage", "for_steps", "none"],
    "decay": [
        *("linear", "cosine", "poly", "exponential", "linear_to_zero", "cosine_to_zero", "poly_to_zero"),
        *("sqrt_to_zero", "none"),
    ],
}
CURVES = [
    *("linear", "cosine", "poly", "sqrt", "exponential", "constant", "one_minus_sqrt", "polynomial_decay"),
    *("inverse_sqrt", "power_law", "half_life", "exponential_halving", "k_decay_cosine", "cosine_power"),
]
LENGTHS = {"steps": {"steps"}, "percentage": {"percentage"}, "rest": set()}
VALUES = st.one_of(st.sampled_from([0.0, 0.1, 0.5, 1.0, 1e-9]), st.floats(0.0, 2.0))


@pytest.fixture(scope="module")
def packaged(repo):
    """Reads an option, with its curve in it, and a preset: the group and option at each position, and its own keys."""
    folder = repo / "conf" / "schedules" / "lr"

    def read(name):
        content = yaml.safe_load((folder / f"{name}.yaml").read_text()) or {}
        return content, [next(iter(one.items())) for one in content.pop("defaults", []) if isinstance(one, dict)]

    def option(group, name):
        content, defaults = read(f"{group}/{name}")
        return content | ({"curve": read(f"curve/{defaults[0][1]}")[0]} if defaults else {})

    def preset(name):
        content, defaults = read(name)
        places = [(*place.split("@phases."), chosen) for place, chosen in defaults]
        own = {int(position): keys for position, keys in content.get("phases", {}).items()}
        return content["initial_multiplier"], {int(at): (group, chosen) for group, at, chosen in places}, own

    return option, preset


class Line:
    """What is typed, and what it makes of the preset."""

    def __init__(self, name, packaged):
        self.option, preset = packaged
        self.initial_multiplier, self.groups, self.own = preset(name)
        self.phases = {at: self.composed(at, *chosen) for at, chosen in self.groups.items()}
        self.choices, self.values = [f"lr={name}"], {}

    def composed(self, position, group, name):
        return self.option(group, name) | self.own.get(position, {})

    def choose(self, position, name):
        group, _ = self.groups[position]
        self.phases[position] = self.composed(position, group, name)
        self.choices.append(f"lr/{group}@lr.phases.{position}={name}")

    def add(self, group, name):
        position = max(self.phases) + 1
        self.phases[position] = self.option(group, name)
        self.choices.append(f"+lr/{group}@lr.phases.{position}={name}")

    def remove(self, position):
        self.phases[position] = dict(self.own.get(position, {}))
        self.choices.append(f"~lr/{self.groups[position][0]}@lr.phases.{position}")

    def choose_curve(self, position, name):
        self.phases[position]["curve"] = self.option("curve", name)
        self.choices.append(f"lr/curve@lr.phases.{position}.curve={name}")

    def set(self, position, key, value):
        target = self.phases[position]
        *above, last = key.split(".")
        for name in above:
            target = target[name]
        target[last] = value
        self.values[f"lr.phases.{position}.{key}"] = value

    def flat(self):
        """The schedule in its plain form; positions without a phase are left out."""
        return {
            "initial_multiplier": self.initial_multiplier,
            "phases": [phase for _, phase in sorted(self.phases.items()) if phase],
        }


def settings_of(phase, total_steps):
    """What can be set in a phase, with values that mostly fit."""
    found = {"target_multiplier": VALUES}
    if phase["mode"] == "steps":
        found["steps"] = st.integers(1, max(1, total_steps // 2))
    if phase["mode"] == "percentage":
        found["percentage"] = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)
    for name in phase["curve"].keys() - {"type"}:
        found[f"curve.{name}"] = st.sampled_from([0.5, 1.0, 2.0, 7.5])
    return found


def play(draw, packaged):
    """Draws a command line; each place is chosen at most once, for Hydra takes one choice for it."""
    total_steps = draw(st.one_of(st.integers(200, 2000), st.integers(1, 10**6)))
    line = Line(draw(st.sampled_from(PRESETS)), packaged)
    for position, (group, _) in sorted(line.groups.items()):
        action = draw(st.sampled_from(["keep", "keep", "choose", "remove"]))
        if action == "choose":
            line.choose(position, draw(st.sampled_from(GROUPS[group])))
        elif action == "remove":
            line.remove(position)
    for _ in range(draw(st.integers(0, 2))):
        group = draw(st.sampled_from(sorted(GROUPS)))
        line.add(group, draw(st.sampled_from(GROUPS[group])))
    for position, phase in sorted(line.phases.items()):
        if "mode" in phase and draw(st.booleans()):
            line.choose_curve(position, draw(st.sampled_from(CURVES)))
        for key, values in settings_of(phase, total_steps).items() if "mode" in phase else ():
            if draw(st.booleans()):
                line.set(position, key, draw(values))
    if draw(st.booleans()):
        line.initial_multiplier = line.values["lr.initial_multiplier"] = draw(VALUES)
    typed = [*line.choices, *(f"{key}={value!r}" for key, value in line.values.items())]
    return draw(st.permutations(typed)), line.flat(), total_steps


def fits(flat, total_steps):
    """Whether the phases lie end to end within the run, and nothing follows one that lasts for the rest."""
    phases = flat["phases"]
    lengths = [(phase.get("mode"), phase.keys() & {"steps", "percentage"}) for phase in phases]
    if not phases or any(LENGTHS.get(mode) != keys for mode, keys in lengths):
        return False  # a preset's own number of steps merges into whatever is chosen there
    ends = [0, *obvious.ends(flat, total_steps)]
    early_rest = any(phase["mode"] == "rest" for phase in phases[:-1])
    return not early_rest and ends == sorted(ends) and ends[-1] <= total_steps


@given(data=st.data())
@examples(60)
def test_what_is_composed_is_what_the_overrides_say(data, packaged, tried):
    typed, flat, total_steps = play(data.draw, packaged)
    with no_hang():
        if not fits(flat, total_steps):
            with pytest.raises(ConfigError):
                compose_lr(typed, total_steps)
            tried["compositions that do not fit their run: refused"] += 1
            return
        schedule = build_schedule(compose_lr(typed, total_steps), total_steps)
    for step in steps_of_interest(flat, total_steps):
        wanted = obvious.multiplier(flat, total_steps, step)
        assert schedule.multiplier(step) == wanted, (typed, step)
        tried["multipliers of compositions, equal to those worked out by hand"] += 1
    tried["compositions that fit: composed"] += 1
