"""Point 2: `sweep.dry_run=true`."""

from pathlib import Path

from sweep_files import snapshot


def test_a_preview_shows_the_points_and_makes_nothing(sweep):
    done = sweep("lr=wsd", "lr.phases.0.steps=50,60", "train.total_steps=200,400", "sweep.dry_run=true")
    assert done.status == 0
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    # Warmup ends at 50 or 60, the hold at 80 % of the steps, the decay with them.
    assert "0 50 200 0 50 160 200 200 lr.phases.0.steps=50,train.total_steps=200 new" in lines
    assert "3 60 400 0 60 320 400 400 lr.phases.0.steps=60,train.total_steps=400 new" in lines
    assert "\n4 points; nothing was started (sweep.dry_run=true)\n" in done.out
    assert not Path("s").exists()


def test_a_preview_says_what_is_done_and_changes_nothing(sweep):
    sweep("train.seed=0,1")
    before = snapshot("s")
    done = sweep("train.seed=1,2", "sweep.dry_run=true")
    assert [line.split()[-1] for line in done.out.splitlines() if "train.seed=" in line] == ["completed", "new"]
    assert snapshot("s") == before


def test_a_preview_of_bad_points_is_an_error(sweep):
    done = sweep("train.seed=0,-1", "sweep.dry_run=true")
    assert done.status == 2
    assert "1 of 2 points cannot run" in done.err


def test_a_schedule_of_ones_own_is_named(sweep):
    done = sweep("lr._target_=stub_app.make_provider", "train.seed=0,1", "sweep.dry_run=true")
    assert done.status == 0
    assert done.out.count("(stub_app.make_provider)") == 2
