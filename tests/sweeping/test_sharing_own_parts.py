"""Providers, tasks and optimizers of the user's own in sweeps that train each distinct step once."""

import pytest
from sweep_files import SMALL, all_differences, own_steps, rows

from conftest import in_process
from d9d_lr import compose_lr
from d9d_lr.provider.auto import AutoLRSchedulerProvider
from d9d_lr.provider.protocols import ScheduledProvider
from d9d_lr.train import job

COMMON = (
    "train.batch_size=4", "train.eval_every=5", "train.log_every=1", "train.device=cpu", "train.total_steps=20",
)  # fmt: skip
# Step 6 is the first with a lower rate after a hold of 5, so 0 to 5 are shared: 6 + 14 + 14 = 34 of 40.
HELD = (*COMMON, "task=digits", "task.width=8", "task.dropout=0.2", "+lr.hold_steps=5,9")
# The same with a schedule of ours: warmup of 3, a decay that begins at 5 or 9.
WSD = (*COMMON, "lr=wsd", "lr.phases.0.steps=3", "lr.phases.1.percentage=0.25,0.45", "task=custom")


def _config(until):
    phases = ",".join(
        f"{{{mode},target_multiplier:{target},curve:{{type:linear}}}}"
        for mode, target in ((f"mode:percentage,percentage:{until}", 1), ("mode:rest", 0))
    )
    return f"{{initial_multiplier:1,phases:[{phases}]}}"


@pytest.fixture
def sweep(in_tmp, monkeypatch, capsys):
    """Sweeps the training entrypoint in this process."""
    return in_process("train", job, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("arguments", "own"),
    [
        pytest.param((*HELD, "lr._target_=own_parts.Said"), [14, 14], id="a provider that gives a schedule"),
        # Its length decides the decay too, so nothing is shared behind the hold: 10 + 10 + 20 of 20 + 30.
        pytest.param(
            (*HELD[:-1], "lr._target_=own_parts.Said", "+lr.hold_steps=9", "train.total_steps=20,30"), [10, 20],
            id="lengths, which the state of its scheduler has in it",
        ),
        pytest.param((*WSD, "task._target_=own_parts.Promising"), [14, 14], id="a task that promises"),
        pytest.param(
            (*WSD, "task._target_=own_parts.Promising", "optimizer._target_=own_parts.PromisingSgd"), [14, 14],
            id="an optimizer that promises",
        ),
        pytest.param(
            (*WSD, "task._target_=own_parts.Promising", "optimizer._target_=torch.optim.Adamax"), [14, 14],
            id="an optimizer of torch's",
        ),
        pytest.param(
            (
                *COMMON, "task=digits", "lr._target_=d9d_lr.AutoLRSchedulerProvider", "~lr.initial_multiplier",
                "~lr.phases",
                f"+lr.config={_config(0.25)},{_config(0.45)}",
            ),
            [14, 14], id="the provider of this package",
        ),
    ],
)  # fmt: skip
def test_what_says_what_it_does_takes_part(sweep, trained, arguments, own):
    assert sweep(*arguments, "sweep.share_prefixes=false", folder="whole").status == 0
    written = len(trained)
    trained.clear()
    done = sweep(*arguments)
    assert done.status == 0, done.err
    assert "trained whole" not in done.out
    assert own_steps() == own
    assert len(trained) == written - (20 - own[0])
    assert all_differences("whole", "s") == {}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((*HELD, "lr._target_=own_parts.Silent"), "own_parts.Silent has no method schedule(total_steps)"),
        (
            (*HELD, "lr._target_=own_parts.Failing"),
            "schedule(total_steps) of own_parts.Failing ended in an error: ValueError: no schedule of 20 steps",
        ),
        ((*HELD, "lr._target_=own_parts.Short"), "schedule(20) of own_parts.Short gives multipliers of shape (3,)"),
        ((*WSD, "task._target_=own_parts.Parabola"), "own_parts.Parabola does not say resumes_exactly = True"),
        (
            (*WSD, "task=digits", "optimizer._target_=own_parts.Sgd"),
            "own_parts.Sgd does not say resumes_exactly = True",
        ),
        (
            (*WSD, "task=digits", "train.resume=elsewhere", "train.on_schedule_change=adopt"),
            "train.resume names a checkpoint to go on from",
        ),
    ],
)  # fmt: skip
def test_what_does_not_is_trained_whole_and_that_is_said(sweep, trained, arguments, reason, in_tmp):
    (in_tmp / "elsewhere").mkdir()
    preview = sweep(*arguments, "sweep.dry_run=true")
    assert preview.status == 0, preview.err
    assert f"\nall 2 points are trained whole: {reason}\n" in preview.out
    assert "to train" not in preview.out
    if "train.resume=elsewhere" not in arguments:  # which holds nothing to go on from
        started = sweep(*arguments)
        assert started.status == 0, started.err
        assert f"\nall 2 points are trained whole: {reason}\n" in started.out
        assert own_steps() == [20, 20]
    assert "trained whole" not in sweep(*arguments, "sweep.share_prefixes=false", "sweep.dry_run=true").out


def test_what_is_trained_whole_beside_what_shares(sweep):
    parts = "lr=constant lr._target_=own_parts.Silent +lr.hold_steps=3"
    preview = sweep(*SMALL, f"sweep.union=['{parts}','lr=wsd train.total_steps=200,400']", "sweep.dry_run=true")
    assert "3 points, " in preview.out
    assert "\n1 of 3 points is trained whole: own_parts.Silent has no method schedule(total_steps)\n" in preview.out


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        # Both hold for all that is shared, as they say: 20 steps. The rate falls by a twentieth in step 6.
        ("Wrong", "says a learning rate of 0.003 in step 6, and it is 0.00285"),
        ("More", "says a learning rate of 0.003 in step 0, and it is 0.0004"),
    ],
)
def test_a_provider_that_does_not_do_what_it_says_fails_its_points(sweep, provider, said):
    done = sweep(*HELD, f"lr._target_=own_parts.{provider}", "train.total_steps=20", "train.stop_after=10,20")
    assert done.status == 1
    errors = {row["error"] for row in rows("s")}
    shared = "the steps that it shares with other points failed: "
    assert errors == {
        f"{shared}schedule(total_steps) of own_parts.{provider} {said}; mend it, or type sweep.share_prefixes=false"
    }


def test_code_that_changed_is_other_code(sweep, in_tmp, monkeypatch):
    module = in_tmp / "mine_alone.py"
    module.write_text("from own_parts import Promising\n\n\nclass Mine(Promising):\n    pass\n")
    monkeypatch.syspath_prepend(str(in_tmp))
    arguments = (*COMMON, "lr=constant", "task=custom", "task._target_=mine_alone.Mine")
    assert sweep(*arguments, folder="first").status == 0
    longer = (*arguments, "train.total_steps=30", "sweep.reuse=[first]")
    assert sweep(*longer, folder="second").status == 0
    assert own_steps("second") == [10]
    module.write_text(module.read_text() + "\n# and more\n")
    assert "does not agree with this run to the last bit" in sweep(*longer, folder="third").err
    assert own_steps("third") == [30]


def test_the_provider_of_this_package_says_what_it_does():
    provider = AutoLRSchedulerProvider(compose_lr(["lr=wsd"]))
    assert isinstance(provider, ScheduledProvider)
    assert provider.schedule(200).multiplier(100) == 1.0
    assert (
        AutoLRSchedulerProvider(compose_lr(["lr=wsd"]), schedules={"momentum": compose_lr(["lr=wsd"])}).schedule(200)
        is None
    )
