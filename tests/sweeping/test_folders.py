"""Point 5: what a point's folder is called."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_files import folders

from d9d_lr.sweeping.folders import MAX_LENGTH, folder_name


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"train.seed": "1"}, "train.seed=1"),
        ({"train.seed": "1", "lr": "wsd"}, "lr=wsd,train.seed=1"),
        ({"lr/decay@lr.phases.2": "linear"}, "lr.decay@lr.phases.2=linear"),
        ({}, "as_configured"),
    ],
)
def test_names(changed, name):
    assert folder_name(changed) == name


def test_a_name_that_had_to_change_ends_with_a_hash():
    first, second = folder_name({"task.text_file": "a/b c"}), folder_name({"task.text_file": "a_b_c"})
    assert first.startswith("task.text_file=a_b_c-")
    assert second == "task.text_file=a_b_c"


def test_long_names_differ_still():
    names = {folder_name({"task.text_file": "x" * 300 + end}) for end in "abc"}
    assert len(names) == 3
    assert {len(name) for name in names} == {MAX_LENGTH}


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_names_are_safe_and_independent_of_order(changed):
    name = folder_name(changed)
    assert set(name) <= set(string.ascii_letters + string.digits + "._,=@+-")
    assert 0 < len(name) <= MAX_LENGTH
    assert not name.startswith(".")
    assert folder_name(dict(reversed(changed.items()))) == name


def test_folders_are_named_by_the_changed_keys_only(sweep):
    sweep("optimizer.lr=0.5", "train.seed=0,1", "lr=wsd,warmup_cosine")
    assert folders("s") == [
        "lr=warmup_cosine,train.seed=0",
        "lr=warmup_cosine,train.seed=1",
        "lr=wsd,train.seed=0",
        "lr=wsd,train.seed=1",
    ]


def test_a_sweep_of_one_point_is_named_by_what_was_typed(sweep):
    sweep("train.seed=7", "sweep.on_failure=stop")
    assert folders("s") == ["train.seed=7"]


def test_lists_run(sweep):
    assert sweep("optimizer.betas=[0.9,0.95],[0.9,0.99]").status == 0
    first, second = folders("s")
    assert first.startswith("optimizer.betas=_0.9,0.95_-")
    assert second.startswith("optimizer.betas=_0.9,0.99_-")


def test_text_with_spaces_and_quotes_runs(sweep):
    assert sweep("task.text_file='well',null", "hydra.job.name='a b'").status == 0
    assert folders("s") == ["task.text_file=null", "task.text_file=well"]
