"""Several processes in one run: two forked ones that talk over the loopback, as torchrun's do."""

import json
import os
import socket
import sys
import traceback
from pathlib import Path

import pytest

from d9d_lr.diagnostics.problems import ConfigError, RunError
from d9d_lr.training import parts, processes
from d9d_lr.training.environment import check_environment
from helpers.kills import FORKSERVER
from helpers.small_runs import CHARLM, DIGITS, PLAIN, SHORT, environment, result, rows, run, settings

EVEN = (*DIGITS, "task.dropout=0.0", "train.batch_size=12")
LINE = ("task._target_=helpers.user_defined.LineTask", "optimizer.lr=0.1", *SHORT, *PLAIN)
LBFGS = ("optimizer._target_=torch.optim.LBFGS", "train.grad_clip_norm=null", *LINE[1:])
SAME_BATCH = "task._target_=helpers.user_defined.SameBatch"


def free_port() -> str:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return str(chosen.getsockname()[1])


def lead(jobs) -> None:
    """Rank 0: trains one job after the other, as a sweep does, and tells how each ends."""
    from d9d_lr.training.run import run_training

    for chosen, folder in jobs:
        try:
            run_training(chosen, folder, [], summary=False)
        except (ConfigError, RunError, KeyboardInterrupt) as error:
            sys.stderr.write(f"told: {type(error).__name__}: {error}\n")
    if processes._Group.in_step:
        processes.announce(None)
        processes.leave()


def serve(blind: bool) -> None:
    """Another rank; a blind one does not see the checkpoints."""
    from d9d_lr import train

    if blind:
        parts.find_checkpoint = lambda *_: None
    train._serve()


def in_process(rank, world_size, port, said: Path, jobs, blind) -> None:
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world_size), LOCAL_WORLD_SIZE=str(world_size),
        MASTER_ADDR="127.0.0.1", MASTER_PORT=port, GLOO_SOCKET_IFNAME="lo",
    )  # fmt: skip
    output = os.open(said, os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    try:
        lead(jobs) if rank == 0 else serve(blind)
    except Exception:
        traceback.print_exc()
        raise


def together(folder: Path, *jobs, world_size: int = 2, blind: bool = False) -> list[tuple[int, str]]:
    """Runs jobs in several processes; returns each one's exit status and words."""
    port, place = free_port(), folder / "said"
    place.mkdir(exist_ok=True)
    for _, job_folder in jobs:
        job_folder.mkdir(exist_ok=True)
    started = [
        FORKSERVER.Process(target=in_process, args=(rank, world_size, port, place / str(rank), jobs, blind))
        for rank in range(world_size)
    ]
    for process in started:
        process.start()
    try:
        for process in started:
            process.join(100)
            assert process.exitcode is not None, "a process hangs"
    finally:
        for process in started:
            process.kill()
            process.join()
    return [(process.exitcode, (place / str(rank)).read_text()) for rank, process in enumerate(started)]


def assert_close(one: Path, other: Path) -> None:
    first, second = rows(one), rows(other)
    assert [row["step"] for row in first] == [row["step"] for row in second]
    for before, after in zip(first, second, strict=True):
        assert before.keys() == after.keys()
        assert before["lr"] == after["lr"]
        assert after == pytest.approx(before, rel=2e-5, abs=1e-8)


@pytest.mark.parametrize(
    ("overrides", "world_size"),
    [
        (EVEN, 2),
        (EVEN, 3),
        ((*CHARLM, "optimizer=sgd"), 2),
        ((SAME_BATCH, *LBFGS), 2),
    ],
    ids=["digits", "three processes", "charlm", "LBFGS"],
)
def test_the_losses_are_those_of_one_process(overrides, world_size, tmp_path):
    one, several = tmp_path / "one", tmp_path / "several"
    run(one, *overrides)
    ended = together(tmp_path, (settings(*overrides), several), world_size=world_size)
    assert [status for status, _ in ended] == [0] * world_size
    assert_close(one, several)
    assert sorted(path.name for path in several.iterdir()) == sorted(path.name for path in one.iterdir())


@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_process_ends_the_job_with_a_checkpoint_to_go_on_from(rank, tmp_path):
    overrides = (
        "task._target_=helpers.user_defined.SignalsItself",
        "+task.step=13",
        "+task.signal_name=SIGKILL",
        *LINE[1:],
    )
    folder, one = tmp_path / "run", tmp_path / "one"
    chosen = settings(*overrides, f"+task.rank={rank}", "train.checkpoint_every=5")
    ended = together(tmp_path, (chosen, folder))
    assert ended[rank][0] == -9
    status, words = ended[1 - rank]
    assert "Traceback" not in words
    if rank == 1:
        assert "told: RunError: another process of this run ended" in words
        assert "saved is step 13, where the same run goes on" in words
        assert result(folder)["status"] == "failed"
    else:
        assert (status, "process 1 of the run stopped: another process of this run ended" in words) == (1, True)
    # Another number of processes goes on: the killing task never comes to its 14th batch of this start again.
    run(folder, *overrides, f"+task.rank={rank}", "train.checkpoint_every=5")
    run(one, *LINE)
    assert_close(one, folder)


def test_what_broke_another_process_is_what_the_run_reports(tmp_path):
    folder = tmp_path / "run"
    chosen = settings(*LINE, "task._target_=helpers.user_defined.BreaksInRank1")
    ended = together(tmp_path, (chosen, folder))
    assert "told: RunError: process 1 failed: ValueError: no more data; saved is step 5" in ended[0][1]
    assert result(folder)["error"].startswith("process 1 failed: ValueError: no more data")
    assert "in train_batch" in (folder / "error-rank-1.txt").read_text()


def test_processes_that_would_start_at_different_steps_are_reported(tmp_path):
    folder = tmp_path / "run"
    run(folder, *EVEN)
    longer = settings(*EVEN, "train.total_steps=30", "train.on_schedule_change=adopt")
    before = (folder / "metrics.jsonl").read_bytes()
    (_, words), _ = together(tmp_path, (longer, folder), blind=True)
    assert "RunError: the processes would start at different steps, process 0 at 20, process 1 at 0" in words
    assert (folder / "metrics.jsonl").read_bytes() == before


def test_a_run_that_diverges_leaves_the_processes_ready_for_the_next(tmp_path):
    wild, calm = tmp_path / "wild", tmp_path / "calm"
    diverging = settings(*LINE, "optimizer=sgd", "optimizer.lr=1e30", "train.grad_clip_norm=null")
    ended = together(tmp_path, (diverging, wild), (settings(*LINE), calm))
    assert [status for status, _ in ended] == [0, 0]
    assert "told: RunError: the training loss is" in ended[0][1]
    assert (result(wild)["status"], result(calm)["status"]) == ("failed", "completed")


def test_a_run_that_one_process_leaves_alone_is_the_last(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    ended = together(
        tmp_path, (settings(*LINE, "task._target_=helpers.user_defined.AccuracyOnly"), first), (settings(*LINE), second)
    )
    assert [status for status, _ in ended] == [0, 0]  # every process finds the loss missing
    assert "told: RunError: the task's evaluate gave accuracy; it must give loss" in ended[0][1]
    assert result(second)["status"] == "completed"


def test_an_interrupt_of_one_process_stops_all_at_one_step(tmp_path):
    folder = tmp_path / "run"
    overrides = ("task._target_=helpers.user_defined.SignalsItself", "+task.step=6", "+task.rank=1", *LINE[1:])
    ended = together(tmp_path, (settings(*overrides), folder))
    assert [status for status, _ in ended] == [0, 0]
    assert "told: KeyboardInterrupt" in ended[0][1]
    assert (result(folder)["status"], result(folder)["steps"]) == ("interrupted", 7)


def test_a_batch_that_cannot_be_divided_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "5")
    with pytest.raises(ConfigError, match=r"train\.batch_size: 12 cannot be divided equally among 5 processes"):
        check_environment(settings(*EVEN), tmp_path)


def torchrun(*arguments: str, **more: str):
    import subprocess

    return subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "--master_port", free_port(), "-m",
         "d9d_lr.train", *arguments],
        capture_output=True, text=True, timeout=150, env=environment(GLOO_SOCKET_IFNAME="lo", **more), check=False,
    )  # fmt: skip


def test_torchrun_sweeps_and_a_killed_process_ends_it(tmp_path):
    swept = torchrun(*EVEN, "optimizer.lr=0.003,0.01", f"hydra.sweep.dir={tmp_path}/sweep", "--multirun")
    assert swept.returncode == 0, swept.stderr
    found = sorted(tmp_path.glob("sweep/**/result.json"))
    assert [json.loads(path.read_text())["status"] for path in found] == ["completed", "completed"]

    killing = (
        "task._target_=helpers.user_defined.SignalsItself",
        "+task.step=13",
        "+task.signal_name=SIGKILL",
        "+task.rank=1",
    )
    ended = torchrun(*killing, *LINE[1:], f"hydra.run.dir={tmp_path}/killed")
    assert ended.returncode != 0
    assert "the run stopped: another process of this run ended" in ended.stderr
    assert "saved is step 13, where the same run goes on" in ended.stderr
    assert result(tmp_path / "killed")["status"] == "failed"


def test_torchrun_ends_where_nothing_is_trained(tmp_path):
    shown = torchrun(*EVEN, "--cfg", "job")
    assert shown.returncode == 0
    assert shown.stdout.count("total_steps: 20") == 1
    refused = torchrun(*EVEN, "train.batch_size=7", f"hydra.run.dir={tmp_path}/refused")
    assert refused.returncode != 0
    assert "train.batch_size: 7 cannot be divided equally among 2 processes" in refused.stderr
    assert not (tmp_path / "refused").exists()
