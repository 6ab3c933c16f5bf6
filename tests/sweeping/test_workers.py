"""A worker of joblib looks for Hydra's plugins once, whatever the number of its jobs."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

APP = """
import os
from pathlib import Path
import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig

@hydra.main(version_base="1.3", config_path=None, config_name="app")
def job(config):
    from hydra_plugins.d9d_lr_sweeper import CheckedSweeper
    CheckedSweeper.jobs = getattr(CheckedSweeper, "jobs", 0) + 1  # a module that is imported anew forgets it
    Path(HydraConfig.get().runtime.output_dir, "jobs").write_text(f"{os.getpid()} {CheckedSweeper.jobs}")

if __name__ == "__main__":
    ConfigStore.instance().store("app", {"x": 0, "defaults": [{"override hydra/sweeper": "checked"}]})
    job()
"""
SWEEP = ("-m", "x=range(0,12)", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "hydra.sweep.dir=s")


def test_plugins_are_imported_once_in_a_worker(in_tmp):
    Path("app.py").write_text(APP)
    done = subprocess.run(
        [sys.executable, "app.py", *SWEEP], env={**os.environ}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    told = [path.read_text().split() for path in Path("s").glob("*/jobs")]
    assert len(told) == 12
    of_each = Counter(process for process, _ in told)
    assert str(os.getpid()) not in of_each
    assert len(of_each) <= 2
    assert {process: max(int(jobs) for its, jobs in told if its == process) for process in of_each} == of_each
