"""Beside a Hydra application of the user's own: composing while it runs, telling its errors, drawing its schedules."""

import logging
import sys
from unittest import mock

import hydra
import pytest
from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import JobRuntime
from omegaconf import OmegaConf
from omegaconf.errors import InterpolationKeyError

from d9d_lr import ConfigError, build_schedule, check, compose_lr, plot, reported_errors, resolve_lr
from d9d_lr.composing.cli import run_tool
from d9d_lr.composing.hydra_internals import opened
from d9d_lr.composing.own_application import is_application, length_of, schedules_in
from d9d_lr.plotting.series import Asked, compose_series
from d9d_lr.train import main as train
from helpers.hydra_versions import BASE
from helpers.running import arguments_are, run_command

CONFIG = """\
defaults:
  - lr: wsd
  - lr@generator_lr: warmup_cosine
  - _self_
total_steps: 200
lr: {phases: {"0": {steps: 20}}}
generator_lr: {phases: {"0": {steps: 40}}}
hydra: {run: {dir: .}, output_subdir: null}
"""


@pytest.fixture
def conf(tmp_path):
    """An application's folder, with schedules at two keys, a preset and an experiment of its own."""
    folder = tmp_path / "conf"
    for part in ("lr", "experiment"):
        (folder / part).mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "lr" / "mine.yaml").write_text("defaults: [warmup@phases.0: cosine, _self_]\ninitial_multiplier: 0.5\n")
    (folder / "experiment" / "long.yaml").write_text("# @package _global_\ntotal_steps: 5000\n")
    return folder


# --- composing while Hydra runs --------------------------------------------------------------------------------------


def ends(config, total_steps=1000):
    return [phase.end_step for phase in build_schedule(config, total_steps).phases]


def test_compose_lr_works_where_hydra_runs_and_leaves_it_as_it_was(conf):
    with opened(conf, "someone_elses"):
        before = GlobalHydra.instance().hydra
        assert ends(compose_lr(["lr.phases.0.steps=5"])) == [5, 800, 1000]
        with pytest.raises(ConfigError, match="did you mean 'wsd'"):
            compose_lr(["lr=wsdd"])
        assert GlobalHydra.instance().hydra is before
        assert JobRuntime.instance().get("name") == "someone_elses"
        assert ends(resolve_lr(compose("config", ["lr=mine"]).lr)) == [20]
    assert not GlobalHydra.instance().is_initialized()


def application(job, conf):
    return hydra.main(config_path=str(conf), config_name="config", **BASE)(job)


def test_compose_lr_works_in_a_job(conf, in_tmp):
    seen = []

    def job(cfg):
        seen.append(ends(compose_lr(["lr=warmup_cosine"])))
        seen.append(hydra.core.hydra_config.HydraConfig.get().job.name)

    with arguments_are():
        application(job, conf)()
    assert seen[0] == [100, 1000]


# --- the error screen ------------------------------------------------------------------------------------------------


def outside(job, conf):
    return reported_errors(application(job, conf))


def inside(job, conf):
    return application(reported_errors(job), conf)


def block(job, conf):
    def run():
        with reported_errors():
            application(job, conf)()

    return run


def resolving(cfg):
    build_schedule(resolve_lr(cfg.lr, cfg.total_steps), cfg.total_steps)


def ended(run, *words):
    """How an application ends: the status, or the exception that leaves it."""
    with arguments_are(*words):
        try:
            run()
        except SystemExit as stop:
            return stop.code
    return 0


@pytest.mark.parametrize("wrapped", [outside, inside, block])
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ((), 0, ""),
        (("lr.phases.0.steps=0",), 2, "lr.phases.0.steps: 0 is not allowed; it must be a whole number from 1"),
        (("lr.phases.0.steps=500",), 2, "up to here the phases need 500 steps, total_steps is 200"),
        (("lr.phases.0.steps=${nowhere}",), 2, "lr.phases.0.steps: cannot be resolved"),
    ],
)
def test_what_resolve_lr_refuses_is_reported_wherever_the_screen_is(wrapped, words, status, said, conf, in_tmp, capfd):
    assert ended(wrapped(resolving, conf), *words) == status
    told = capfd.readouterr().err
    assert said in told
    assert "Traceback" not in told


@pytest.mark.parametrize("wrapped", [outside, block])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lr=wsdd",), "lr: 'wsdd' is not one of"),
        (("lr/decay=linear",), "to choose it where that group stands, type lr/decay@"),
        (("lr.phases.0.stpes=5",), "lr.phases.0.stpes: unknown key 'stpes'"),
        (("lr.phases.1={}",), "to leave it out, type ~lr.phases.1"),
        (("--config-dir", "nowhere"), "there is no folder"),
        (("a b",), "a b: is not an override"),
    ],
)
def test_what_hydra_cannot_compose_is_reported_around_it(wrapped, words, said, conf, in_tmp, capfd):
    assert ended(wrapped(resolving, conf), *words) == 2
    told = capfd.readouterr().err
    assert said in told
    assert "Traceback" not in told


@pytest.mark.parametrize("error", [ValueError("mine"), TypeError("mine"), OSError("mine"), KeyError("mine")])
def test_a_defect_of_the_application_stays_one(error, conf, in_tmp):
    def job(cfg):
        raise error

    with pytest.raises(type(error), match="mine"):
        ended(outside(job, conf))


def test_what_omegaconf_raises_in_the_jobs_own_code_is_no_mistake_of_the_command_line(conf, in_tmp):
    with pytest.raises(InterpolationKeyError, match="nowhere"):
        ended(outside(lambda cfg: OmegaConf.create({"a": "${nowhere}"}).a, conf))


def test_ctrl_c_and_a_full_traceback(conf, in_tmp, capfd, monkeypatch):
    def stopped(cfg):
        raise KeyboardInterrupt

    assert ended(outside(stopped, conf)) == 130
    assert capfd.readouterr().err.endswith("interrupted\n")
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(ConfigError):
        ended(outside(resolving, conf), "lr.phases.0.steps=0")


def test_a_function_keeps_its_name_and_its_result():
    @reported_errors
    def answer(value):
        """Returns it."""
        return value

    with arguments_are():
        assert (answer(3), answer.__name__, answer.__doc__) == (3, "answer", "Returns it.")


# --- drawing and checking --------------------------------------------------------------------------------------------


def drawn(*overrides, asked=None, **where):
    return {one.key: (one.label, ends_of(one)) for one in compose_series(overrides, asked=asked, **where)}


def ends_of(one):
    return [phase.end_step for phase in one.schedule.phases]


def test_the_applications_own_schedules_are_drawn_at_whatever_key(conf):
    # wsd of 200 steps: 20, until 0.8 of them, the rest; a cosine after 40
    both = drawn(config_dir=conf)
    assert {key: steps for key, (_, steps) in both.items()} == {"lr": [20, 160, 200], "generator_lr": [40, 200]}
    assert drawn(config_dir=conf, asked=Asked(key="generator_lr"))["generator_lr"][1] == [40, 200]
    assert drawn("lr=mine", config_dir=conf, asked=Asked("lr", "100"))["lr"][1] == [20]
    labels = [one.label for one in compose_series(["lr.phases.0.steps=5,6"], config_dir=conf, asked=Asked("lr"))]
    assert labels == ["lr.phases.0.steps=5", "lr.phases.0.steps=6"]


def status_of(tool, *words):
    with pytest.raises(SystemExit) as stop:
        run_tool(tool, words)
    return stop.value.code


def test_plot_draws_it_from_the_command_line(conf, capsys):
    plot.plot(["-cd", str(conf), "-cn", "config", "lr.phases.0.steps=50,100", "--key", "lr"])
    said = capsys.readouterr().out
    assert "multiplier" in said
    assert "lr.phases.0.steps=50" in said
    plot.plot(["-cd", str(conf), "--key", "generator_lr", "lr/decay@generator_lr.phases.1=none"])
    assert "type +lr/decay@generator_lr.phases.2=linear" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--key", "discriminator_lr"),
            "discriminator_lr: is not in this configuration; there are schedules at lr",
        ),
        (
            ("--key", "lr", "--total-steps", "trainer.steps"),
            "trainer.steps is neither a number of steps nor the key",
        ),
        (("--key", "lr", "lr.phases.0.steps=300"), "lr.phases.0.steps: up to here the phases need 300 steps"),
        (("--key", "generator_lr", "generator_lr.phases.0.stpes=3"), "generator_lr.phases.0.stpes: unknown key"),
        (("--y", "lr"), "is not set"),
    ],
)
def test_what_is_wrong_with_it_is_reported(words, said, conf, capsys):
    assert status_of(plot.plot, "-cd", str(conf), *words) == 2
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("total_steps: 5", 5),
        ("trainer: {max_steps: 7}", 7),
        ("train: {total_steps: 9}\nother: {max_steps: 9}", 9),
        ("a: {total_steps: 1}\nb: {max_steps: 2}", "a.total_steps, b.max_steps differ"),
        (
            "steps: 5",
            "(?s)no key is called total_steps.*--total-steps takes the number of steps, or the key that holds it",
        ),
        ("total_steps: true", "no key is called"),
    ],
)
def test_the_length_is_found_by_its_name(text, found):
    config = OmegaConf.create(text)
    if isinstance(found, int):
        assert length_of(config, None) == found
    else:
        with pytest.raises(ConfigError, match=found):
            length_of(config, None)


def test_schedules_are_known_by_what_they_hold():
    phases = {"initial_multiplier": 0.0, "phases": {"0": {}}}
    config = OmegaConf.create({"a": phases, "model": {"b": {"scheduler": phases}, "c": {"phases": 3}}, "d": 1})
    assert schedules_in(config) == ["a", "model.b"]


def test_an_application_without_a_schedule_says_so(tmp_path):
    (tmp_path / "config.yaml").write_text("total_steps: 5\n")
    with pytest.raises(ConfigError, match=r"(?s)there is no schedule in this configuration.*name its key: --key KEY"):
        compose_series([], config_dir=tmp_path)


def test_an_application_differs_from_files_that_build_on_the_entrypoints(conf, repo, tmp_path):
    assert is_application(conf, "config")
    assert not is_application(conf, "no_such")
    assert not is_application(repo / "sweeps", "warmup_length")
    (tmp_path / "main.yaml").write_text("defaults: [lr: wsd]\n")
    assert is_application(tmp_path, "main")


def test_check_composes_the_application(conf, capsys):
    check.check(["-cd", str(conf)])
    assert capsys.readouterr().out == "checked 3 files: no problems\n"
    (conf / "lr" / "bad.yaml").write_text("defaults: [warmup@phases.0: cosine, _self_]\ninitial_multiplier: zero\n")
    (conf / "lr" / "odd.yaml").write_text("5\n")
    assert status_of(check.check, "-cd", str(conf)) == 2
    said = capsys.readouterr().out
    assert f"{conf}/lr/bad.yaml: lr.initial_multiplier: 'zero' is not allowed" in said
    assert f"{conf}/lr/odd.yaml: must hold keys and values, not an int" in said


# --- the entrypoint --------------------------------------------------------------------------------------------------


def test_the_packaged_sweeps_are_found_from_anywhere(in_tmp, capfd):
    ran = run_command("-cd", "sweeps", "-cn", "smoke", "sweep.dry_run=true")
    assert ran.status == 0
    assert "4 points; nothing was started" in capfd.readouterr().out
    assert len(compose_series([], config_dir=in_tmp.__class__("sweeps"), config_name="smoke")) == 4


def test_a_primary_config_that_would_never_be_used_is_refused(conf, in_tmp, capfd):
    assert run_command("-cd", str(conf)).status == 2
    assert "config.yaml is never used: the entrypoint's own config.yaml is found first" in (
        said := capfd.readouterr().err
    )
    assert "give it another name, and name it with --config-name; python -m d9d_lr.plot draws it as it is" in said
    (conf / "config.yaml").rename(conf / "mine.yaml")
    assert run_command("-cd", str(conf), "-cn", "config").status == 0


@pytest.mark.parametrize("value", ["abc", "", "0", "-1", "1.5"])
def test_a_world_size_that_is_none_is_a_sentence(value, monkeypatch, capfd, in_tmp):
    monkeypatch.setenv("WORLD_SIZE", value)
    with mock.patch.object(sys, "argv", ["train"]), pytest.raises(SystemExit) as stop:
        train()
    assert stop.value.code == 2
    assert f"WORLD_SIZE: {value!r} is not allowed; it must be a whole number of at least 1" in capfd.readouterr().err


def test_flags_may_stand_among_the_overrides(in_tmp):
    logging.getLogger("d9d_lr").setLevel("WARNING")
    ran = run_command("task=digits", "-m", "lr=wsd,constant")
    assert (ran.status, len(ran.trained)) == (0, 2)
    assert run_command("lr=constant", "--cfg", "job", "task=digits").status == 0
