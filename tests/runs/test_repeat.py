"""One command repeats all seeds of a setting."""

import pytest

from d9d_lr.runs.commands import repeat_setting

TRAIN = "python -m d9d_lr.train"


@pytest.mark.parametrize(
    ("commands", "repeat"),
    [
        ([f"{TRAIN} lr=wsd"], f"{TRAIN} lr=wsd"),
        ([f"{TRAIN} lr=wsd train.seed={seed}" for seed in (0, 1)], f"{TRAIN} -m lr=wsd train.seed=0,1"),
        (
            [f"{TRAIN} -cd sweeps -cn q hydra.mode=RUN lr=wsd train.seed={seed}" for seed in (0, 1)],
            f"{TRAIN} -cd sweeps -cn q hydra.mode=MULTIRUN hydra.sweep.dir=multirun/repeated lr=wsd train.seed=0,1",
        ),
        ([f"{TRAIN} 'task.text_file=a b' a=0", f"{TRAIN} a=1"], f"{TRAIN} 'task.text_file=a b' a=0"),
        ([f"{TRAIN} a=1", f"{TRAIN} b=1"], f"{TRAIN} a=1"),
        ([], ""),
    ],
)  # fmt: skip
def test_seeds_are_merged_and_what_cannot_be_merged_is_repeated_once(commands, repeat):
    assert repeat_setting(commands) == repeat
