"""One GPU for each worker, with a list of names in the place of GPUs."""

import multiprocessing
from pathlib import Path

import pytest
from sweep_files import folders

from d9d_lr.sweeping import devices

FORKSERVER = multiprocessing.get_context("forkserver")


@pytest.mark.parametrize(
    ("environ", "driver", "gpus"),
    [
        ({}, None, ()),
        ({}, 0, ()),
        ({}, 3, ("0", "1", "2")),
        ({"CUDA_VISIBLE_DEVICES": "2, 5"}, 8, ("2", "5")),
        ({"CUDA_VISIBLE_DEVICES": "GPU-8f,MIG-1"}, 8, ("GPU-8f", "MIG-1")),
        ({"CUDA_VISIBLE_DEVICES": ""}, 8, ()),
    ],
)
def test_gpus_are_named_or_counted(tmp_path, environ, driver, gpus):
    listed = tmp_path / "gpus"
    if driver is not None:
        listed.mkdir()
        for number in range(driver):
            (listed / f"0000:{number}b:00.0").mkdir()
    assert devices.gpus_here(environ, listed) == gpus


def take(folder, gpus, ready, over):
    devices.take_gpu(gpus, folder)
    devices.take_gpu(gpus, folder)  # its next job
    ready.put(devices.os.environ.get("CUDA_VISIBLE_DEVICES"))
    over.wait(60)


@pytest.mark.parametrize(("workers", "taken"), [(2, ["a", "b"]), (3, ["a", "b", "c"]), (5, ["a", "a", "b", "b", "c"])])
def test_each_worker_has_one_of_its_own(tmp_path, monkeypatch, workers, taken):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    ready, over = FORKSERVER.Queue(), FORKSERVER.Event()
    for _ in range(2):  # those of the first time are free again when their processes ended
        processes = [FORKSERVER.Process(target=take, args=(tmp_path, "abc", ready, over)) for _ in range(workers)]
        for process in processes:
            process.start()
        assert sorted(ready.get(timeout=60) for _ in processes) == taken
        over.set()
        for process in processes:
            process.join()
        over.clear()


def test_one_gpu_is_nobodys_choice(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    devices.take_gpu(("0",), tmp_path)
    devices.take_gpu((), tmp_path)
    assert "CUDA_VISIBLE_DEVICES" not in devices.os.environ
    assert not list(tmp_path.iterdir())


def test_jobs_of_joblib_see_one_gpu_each(command, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    done = command("train.seed=range(0,8)", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    assert done.status == 0, done.err
    seen = {Path("s", name, "gpu").read_text() for name in folders("s")}
    assert seen
    assert seen <= {"4", "6"}


def test_jobs_in_one_process_see_all_of_them(sweep, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    assert sweep("train.seed=0,1").status == 0
    assert {Path("s", name, "gpu").read_text() for name in folders("s")} == {"4,6"}
