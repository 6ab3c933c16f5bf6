"""Several sweeps in one report: what none of them swept, and yet differs, keeps their settings from one best."""

import yaml

from d9d_lr.reporting.page import html_of
from d9d_lr.reporting.run_views import read_runs
from d9d_lr.reporting.sweep_view import heat_maps, view_of
from helpers.run_folders import write_run


def write_composed(folder, values, **choices):
    """What Hydra keeps beside a run: the composed configuration and the chosen options."""
    (folder / ".hydra" / "config.yaml").write_text(yaml.safe_dump(values))
    (folder / ".hydra" / "hydra.yaml").write_text(yaml.safe_dump({"hydra": {"runtime": {"choices": choices}}}))


def composed(lr="wsd", optimizer="adamw", width=64, **train):
    return {
        "lr": {"initial_multiplier": 0.0, "phases": {"0": {"steps": 10 if lr == "wsd" else 20}}},
        "optimizer": {"name": optimizer, "lr": 0.003},
        "task": {"width": width},
        "train": {"total_steps": 100, "seed": 0, "num_threads": 1, "batch_size": 32} | train,
    }


def sweep_of(folder, name, typed, values, **choices):
    for number, rate in enumerate((0.001, 0.003)):
        run = folder / name / str(number)
        write_run(run, [*typed, f"optimizer.lr={rate}"])
        write_composed(run, values, **choices)


def seen(folder):
    return view_of(read_runs([folder]), "two sweeps")


def test_a_value_that_only_one_sweep_typed_sets_them_apart(tmp_path):
    sweep_of(tmp_path, "narrow", ["lr=wsd"], composed(), lr="wsd", task="digits")
    sweep_of(tmp_path, "wide", ["lr=wsd", "task.width=128"], composed(width=128), lr="wsd", task="digits")
    view = seen(tmp_path)
    assert sorted(answer.heading for answer in view.answers) == ["task.width=128", "task.width=64"]
    assert [len(answer.settings) for answer in view.answers] == [2, 2]
    assert "<h2>task.width=64</h2>" in html_of(view)


def test_a_group_is_named_in_place_of_what_it_brings(tmp_path):
    sweep_of(tmp_path, "a", [], composed(), lr="wsd", optimizer="adamw")
    sweep_of(tmp_path, "b", ["optimizer=sgd"], composed(optimizer="sgd", batch_size=64), lr="wsd", optimizer="sgd")
    headings = sorted(answer.heading for answer in seen(tmp_path).answers)
    assert headings == ["optimizer=adamw, train.batch_size=32", "optimizer=sgd, train.batch_size=64"]


def test_a_default_schedule_competes_with_a_typed_one(tmp_path):
    sweep_of(tmp_path, "default", [], composed(), lr="wsd")
    sweep_of(tmp_path, "typed", ["lr=warmup_cosine"], composed("warmup_cosine"), lr="warmup_cosine")
    (answer,) = seen(tmp_path).answers
    assert {answer.best.name, *(lead.other.name for lead in answer.leads)} == {"wsd", "warmup_cosine"}


def test_what_does_not_change_a_run_sets_no_sweep_apart(tmp_path):
    sweep_of(tmp_path, "a", ["lr=wsd"], composed(), lr="wsd")
    sweep_of(tmp_path, "b", ["lr=wsd", "train.num_threads=2"], composed(num_threads=2, seed=7), lr="wsd")
    (answer,) = seen(tmp_path).answers
    assert len(answer.settings) == 4


def test_a_key_that_a_later_version_brought_sets_no_sweep_apart_and_an_added_one_does(tmp_path):
    older = composed()
    newer = composed(ahead=0)  # a key of "train" that the older configuration lacks
    sweep_of(tmp_path, "older", ["lr=wsd"], older, lr="wsd")
    sweep_of(tmp_path, "newer", ["lr=wsd"], newer, lr="wsd")
    assert len(seen(tmp_path).answers) == 1
    sweep_of(tmp_path, "added", ["lr=wsd", "+train.ahead=0"], newer, lr="wsd")
    assert len(seen(tmp_path).answers) == 2


def test_without_a_composed_configuration_the_typed_words_stand_in(tmp_path):
    for name, typed in (("a", []), ("b", ["optimizer=sgd"])):
        for number, rate in enumerate((0.001, 0.003)):
            write_run(tmp_path / name / str(number), [*typed, f"optimizer.lr={rate}"])
    assert sorted(answer.heading for answer in seen(tmp_path).answers) == ["optimizer=none", "optimizer=sgd"]


def test_heat_maps_and_places_are_of_one_comparison_each(tmp_path):
    for name, width in (("narrow", 64), ("wide", 128)):
        for number, (steps, rate) in enumerate([(10, 0.1), (10, 0.2), (20, 0.1), (20, 0.2)]):
            run = tmp_path / name / str(number)
            write_run(run, [f"lr.phases.0.steps={steps}", f"optimizer.lr={rate}"])
            write_composed(run, composed(width=width), lr="wsd")
    view = seen(tmp_path)
    assert sorted(found.heading for found in heat_maps(view)) == ["task.width=128", "task.width=64"]
    assert sorted(view.places.values()) == [1, 1, 2, 2, 3, 3, 4, 4]
