"""Broken input of every kind ends in a config that works or in a clean `ConfigError`; never in another exception."""

import copy
import math
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from d9d_lr import ConfigError, build_schedule, compose_lr, resolve_lr
from d9d_lr.composing.compose import compose_checked
from d9d_lr.composing.paths import SCHEDULES_DIR
from helpers.effort import examples, no_hang
from helpers.running import files_below, run_command
from helpers.strategies import schedules

JUNK = st.one_of(
    st.sampled_from([None, True, False, math.nan, math.inf, -math.inf, -1, 0, 1.5, 2**53 + 1, 2**63, 10**400, -1e101]),
    st.sampled_from(
        ["", "x", "1", "???", "${nowhere}", "${lr}", "${", "${oc.env:NOPE}", "linear", "rest", "\x00", "\ud800"]
    ),
    st.sampled_from(
        [b"bytes", [], {}, [[]], [None], {"type": "linear"}, {"type": []}, {"mode": None}, {1: 2}, {None: 1}]
    ),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
)
NAMES = st.sampled_from(["steps", "percentage", "power", "mode", "type", "name", "scheduler", "phases", "0", "x", ""])


def check_problems(error, kind, tried):
    """A clean error names what is wrong; it can always be printed."""
    assert error.problems
    assert all(problem.message for problem in error.problems)
    assert str(error).startswith(f"{len(error.problems)} problem")
    tried[f"{kind}: refused"] += 1


def check_works(config, total_steps, kind, tried):
    schedule = build_schedule(config, total_steps)
    assert all(math.isfinite(value) for value in schedule.multipliers([0, total_steps // 2, total_steps]))
    tried[f"{kind}: accepted, and they build"] += 1


def branches(node):
    """Every mapping and list of a structure."""
    if isinstance(node, dict | list):
        yield node
        for child in node.values() if isinstance(node, dict) else node:
            yield from branches(child)


@st.composite
def broken(draw):
    """A valid schedule with one to three things done to it."""
    flat, total_steps = draw(schedules(max_phases=3))
    root = {"lr": copy.deepcopy(flat)}
    if draw(st.booleans()):
        root["lr"]["phases"] = {str(index): phase for index, phase in enumerate(root["lr"]["phases"])}
    for _ in range(draw(st.integers(1, 3))):
        node = draw(st.sampled_from(list(branches(root))))
        places = list(node) if isinstance(node, dict) else list(range(len(node)))
        action = draw(st.sampled_from(["replace", "delete", "add"]))
        if action == "add" or not places:
            if isinstance(node, dict):
                node[draw(st.one_of(NAMES, st.sampled_from([0, 1, True, 2.0, None])))] = copy.deepcopy(draw(JUNK))
            else:
                node.append(copy.deepcopy(draw(JUNK)))
        elif action == "replace":
            node[draw(st.sampled_from(places))] = copy.deepcopy(draw(JUNK))
        elif node is not root:
            del node[draw(st.sampled_from(places))]
    return root.get("lr", {}), draw(st.sampled_from([total_steps, 0, -1, 1, 2**53 + 1]))


@given(drawn=broken())
@examples(400)
def test_a_broken_schedule_is_refused_cleanly(drawn, tried):
    section, total_steps = drawn
    kind = "broken schedules"
    try:
        with no_hang():
            config = resolve_lr(section, total_steps)
    except ConfigError as error:
        check_problems(error, kind, tried)
    else:
        check_works(config, total_steps, kind, tried)


def words(text):
    return st.sampled_from(text.split())


KEYS = words("""
    lr lr.phases lr.phases.0 lr.phases.2 lr.phases.0.steps lr.phases.1.percentage lr.phases.9.x lr.phases.2.curve
    lr.phases.2.curve.type lr.phases.2.curve.power lr.initial_multiplier lr.x lr/decay@lr.phases.2 lr/warmup@lr.phases.0
    lr/hold@lr.phases.1 lr/curve@lr.phases.2.curve lr/decay lr/decay@lr.phases.7 lr/decay@phases.2 lr.phases[0] lr/x x
    lr.phases.0.mode lr@x lr:y lr.phases.-1 lr.phases.02 lr.name lr.scheduler lr.scheduler.phases @ lr/ lr. .lr lr/curve
""")
VALUES = words("""
    linear poly none wsd step_list warmup_constant null true 200 0 -5 1.5 nan inf 1e400 [] {} [1,2] {a:1} {type:linear}
    ??? ${nope} ${lr} ${lr.phases} 1,2 linear,poly range(1,3) choice(1,2) "q" [ } ' \\ rest steps ${oc.env:NOPE} ${x:1}
    0x10 1_000 2024-01-01 % @ ~ a=b \u00e9 shuffle(1,2) int(3) {}{ [[1],{}] interval(0,1) glob(*) sort(2,1) {'0':{}}
    tag(x,1) extend_list(1) null,1
""") | st.sampled_from(["", "a b", "'a b'", "{mode: rest}", "{type: linear}", "{'0': {}}"])
GOOD = words("""
    lr=wsd lr=warmup_cosine lr.phases.0.steps=20 lr/decay@lr.phases.2=cosine lr/curve@lr.phases.2.curve=poly
    ~lr/hold@lr.phases.1 lr.phases.2.target_multiplier=0 lr.phases.1.percentage=0.5 lr/hold@lr.phases.1=none
""")
OVERRIDES = st.one_of(
    GOOD,
    st.builds("{}{}={}".format, st.sampled_from(["", "", "", "+", "++", "~"]), KEYS, VALUES),
    st.builds("{}{}".format, st.sampled_from(["~", "~", "", "+"]), KEYS),
    st.text(st.sampled_from("lr.phases/decay@=+~{}[]$'\"0123, :\\"), max_size=20),
)


@given(overrides=st.lists(OVERRIDES, min_size=1, max_size=3))
@examples(120, cost=2)
def test_random_overrides_end_cleanly(overrides, tried):
    kind = "lists of random overrides, composed"
    try:
        with no_hang():
            config = compose_lr(overrides, 1000)
    except ConfigError as error:
        check_problems(error, kind, tried)
    else:
        check_works(config, 1000, kind, tried)


@given(overrides=st.lists(OVERRIDES.filter(lambda text: not text.startswith("-")), min_size=1, max_size=2))
@examples(60, cost=5)
def test_random_command_lines_end_cleanly_and_train_nothing_that_is_wrong(overrides, tried):
    with tempfile.TemporaryDirectory() as folder, no_hang():
        ran = run_command(f"hydra.run.dir={folder}/run", *overrides)
        assert ran.status in (0, 2)
        assert len(ran.trained) == (1 if ran.status == 0 else 0)
        if ran.status == 2:
            assert files_below(folder) == []
    tried[f"random command lines: {'accepted' if ran.status == 0 else 'refused'}"] += 1


FILES = {
    name: (SCHEDULES_DIR / "lr" / f"{name}.yaml").read_text()
    for name in ("wsd", "docs_example", "step_list", "constant", "warmup/linear", "decay/linear", "curve/poly")
}


@st.composite
def mutated_files(draw):
    """One of the packaged files with a few characters or lines changed, as bytes."""
    name = draw(st.sampled_from(sorted(FILES)))
    text = FILES[name]
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.integers(0, 12))
        inserted = st.one_of(
            st.sampled_from(
                ["\t", "\n", ":", ": ", "- ", "{", "}", "[", "'", '"', "#", "&a", "*a", "!!python/none", "? ", "|"]
            ),
            st.sampled_from(
                ["???", "${x}", ".nan", "1e400", "null", "  x: 1\n", "- override /lr: wsd\n", "\x00", "\ufeff", "%"]
            ),
            st.text(max_size=5),
        )
        text = text[:start] + draw(st.one_of(st.just(""), inserted)) + text[end:]
    return name, text.encode("utf-8", "surrogatepass")


@given(drawn=mutated_files())
@examples(80, cost=4)
def test_a_mutated_file_ends_cleanly(drawn, tried):
    name, text = drawn
    kind = "mutated YAML files"
    preset = name if "/" not in name else "wsd"
    primary = f"defaults:\n  - lr: {preset}\n" + (
        "  - override lr/curve@lr.phases.2.curve: poly\n" * name.startswith("curve")
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "lr", name).parent.mkdir(parents=True, exist_ok=True)
        Path(folder, "lr", f"{name}.yaml").write_bytes(text)
        Path(folder, "mine.yaml").write_text(primary)
        try:
            with no_hang():
                composed = compose_checked(Path(folder), "mine", [], lambda config: config)
                config = resolve_lr(composed.get("lr") or OmegaConf.create({}), 1000)
        except ConfigError as error:
            check_problems(error, kind, tried)
        else:
            check_works(config, 1000, kind, tried)
