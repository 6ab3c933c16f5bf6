"""The metrics file and the random numbers of a step: what exact resume rests on."""

import json
import os
import random
import signal

import numpy as np
import pytest
import torch

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.metrics import MetricsFile, check_lines, lines_before
from d9d_lr.training.display import Display
from d9d_lr.training.interrupts import watched_interrupts
from d9d_lr.training.randomness import batch_generator, seed_model, seed_step
from d9d_lr.training.threads import available_cores, threads_for_process
from helpers.small_runs import rows

LINES = [json.dumps({"step": step, "lr": 0.1}) + "\n" for step in (0, 5, 10)]


@pytest.mark.parametrize(("step", "kept"), [(0, 0), (1, 1), (5, 1), (6, 2), (10, 2), (11, 3), (99, 3)])
def test_the_lines_before_a_step_stay(step, kept, tmp_path):
    (tmp_path / "metrics.jsonl").write_text("".join(LINES))
    assert lines_before(step, tmp_path) == LINES[:kept]


@pytest.mark.parametrize("tail", ['{"step": 1', '{"step": 10, "lr": 0.1}', "\0\0\0\0\n", "\udcff\n", "[]\n", "{}\n"])
def test_what_a_kill_or_a_power_cut_left_behind_them_goes(tail, tmp_path):
    (tmp_path / "metrics.jsonl").write_bytes(("".join(LINES) + tail).encode(errors="surrogateescape"))
    assert lines_before(11, tmp_path) == LINES


@pytest.mark.parametrize("line", ["oops\n", "[]\n", '{"lr": 1}\n', '{"step": null}\n'])
def test_a_damaged_line_among_them_is_reported(line, tmp_path):
    (tmp_path / "metrics.jsonl").write_text(LINES[0] + line + LINES[2])
    with pytest.raises(RunError, match=r"metrics\.jsonl is damaged: line 2 is"):
        lines_before(11, tmp_path)
    assert lines_before(5, tmp_path) == LINES[:1]


@pytest.mark.parametrize(
    ("count", "said"), [(None, ""), (2, ""), (3, r"it has 2 lines before step 10, and there were 3"), (1, "were 1")]
)
def test_missing_lines_are_reported_where_they_were_counted(count, said, tmp_path):
    (tmp_path / "metrics.jsonl").write_text("".join(LINES))
    if not said:
        check_lines(10, tmp_path, count)
        return
    with pytest.raises(RunError, match=said):
        check_lines(10, tmp_path, count)


def test_lines_are_counted_before_a_step(tmp_path):
    with MetricsFile(tmp_path, LINES[:2]) as metrics:
        assert metrics.count_before(10) == 2
        metrics.write(10, {})
        assert (metrics.count_before(10), metrics.count_before(11)) == (2, 3)


def test_a_damaged_line_is_reported_to_readers(tmp_path):
    (tmp_path / "metrics.jsonl").write_text(LINES[0] + "oops\n" + LINES[2])
    with pytest.raises(RunError, match=r"metrics\.jsonl is damaged: line 2 is 'oops\\n'"):
        rows(tmp_path)


def test_lines_are_on_the_file_at_once(tmp_path):
    with MetricsFile(tmp_path, LINES[:1]) as metrics:
        metrics.write(5, {"lr": 0.1})
        assert (tmp_path / "metrics.jsonl").read_text() == "".join(LINES[:2])


def test_a_deleted_file_is_noticed_at_the_next_line(tmp_path):
    with MetricsFile(tmp_path, []) as metrics:
        (tmp_path / "metrics.jsonl").unlink()
        with pytest.raises(RunError, match=r"metrics\.jsonl was deleted while the run was going on"):
            metrics.write(0, {"lr": 0.1})


def test_random_numbers_are_a_function_of_seed_step_and_rank():
    def draw(seed, step, rank):
        seed_step(seed, step, rank)
        return random.random(), float(np.random.random()), torch.rand(1).item()

    first = draw(1, 2, 0)
    assert draw(1, 2, 0) == first
    others = [draw(*each) for each in [(2, 2, 0), (1, 3, 0), (1, 2, 1)]]
    for generator in range(3):
        assert len({numbers[generator] for numbers in [first, *others]}) == 4


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1])
@pytest.mark.parametrize("step", [0, 255, 256, 10**6, 2**32 - 1, 2**32, 2**40])
def test_seeds_are_those_of_numpys_seed_sequence(seed, step):
    """Whoever computes them in another way trains other models: the words are (seed, what for, step, rank)."""

    def expected(*words):
        return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0] >> np.uint64(1))

    assert batch_generator(seed, step).initial_seed() == expected(seed, 0, step)
    for rank in (0, 1, 9):
        seed_step(seed, step, rank)
        assert torch.initial_seed() == expected(seed, 1, step, rank)
        assert np.random.get_state()[1][0] == expected(seed, 1, step, rank) % 2**32


def test_the_batch_does_not_depend_on_the_rank_or_on_what_was_drawn():
    first = torch.randint(100, (5,), generator=batch_generator(0, 3))
    torch.rand(7)
    assert torch.equal(torch.randint(100, (5,), generator=batch_generator(0, 3)), first)
    assert not torch.equal(torch.randint(100, (5,), generator=batch_generator(0, 4)), first)


def test_the_model_is_a_function_of_the_seed():
    weights = []
    for seed in (0, 0, 1):
        seed_model(seed)
        weights.append(torch.rand(4))
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize(
    ("setting", "environ", "expected"),
    [
        (3, {}, 3),
        (3, {"LOCAL_WORLD_SIZE": "4"}, 3),
        ("auto", {}, 8),
        ("auto", {"LOCAL_WORLD_SIZE": "2"}, 4),
        ("auto", {"D9D_LR_PARALLEL_JOBS": "3"}, 2),
        ("auto", {"D9D_LR_PARALLEL_JOBS": "3", "LOCAL_WORLD_SIZE": "2"}, 1),
        ("auto", {"D9D_LR_PARALLEL_JOBS": "99"}, 1),
    ],
)
def test_processes_that_run_at_once_share_eight_cores(setting, environ, expected):
    assert threads_for_process(setting, environ, cores=8) == expected


def test_an_interrupt_is_held_back_and_a_second_is_not():
    before = signal.getsignal(signal.SIGTERM)
    with watched_interrupts() as interrupts:
        assert interrupts.signal_name is None
        signal.raise_signal(signal.SIGTERM)
        assert interrupts.signal_name == "SIGTERM"
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("content", "quota"),
    [
        ("max 100000\n", None),
        ("100000 100000\n", 1),
        ("50000 100000\n", 1),  # half a core is one thread
        ("9900000 100000\n", None),  # 99 cores are more than there are
        ("", None),
    ],
)
def test_a_container_has_the_cores_of_its_quota(content, quota, tmp_path):
    (tmp_path / "cpu.max").write_text(content)
    assert available_cores(tmp_path / "cpu.max") == (quota or len(os.sched_getaffinity(0)))


def test_a_slow_run_without_a_terminal_says_how_far_it_is(monkeypatch, caplog):
    now = [0.0]
    monkeypatch.setattr("d9d_lr.training.display.clock", lambda: now[0])
    caplog.set_level("INFO", "d9d_lr")
    shown = Display(last_step=100)
    shown.show(0, {"lr": 0.1, "val_loss": 2.0})
    for step in range(1, 24):  # a step a second; lines at 10 s and 20 s
        now[0] = step
        shown.advance(step)
    assert [message.split("  ")[0] for message in caplog.messages] == ["step 0/100", "step 10/100", "step 20/100"]
