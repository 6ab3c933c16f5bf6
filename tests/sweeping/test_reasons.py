"""What is told of a job whose process is gone: the line of its launcher that says what happened."""

import pytest

from d9d_lr.sweeping.launchers import reason

SUBMITIT = "Job 7 (task: 0) with path /s/7_0_result.pkl\nhas not produced any output (state: FINISHED)\n"
RULE = "-" * 40


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "RuntimeError"),
        ("A worker died.\nThe exit codes are {SIGKILL(-9)}\n", "The exit codes are {SIGKILL(-9)}"),
        (f"{SUBMITIT}No output/error stream produced !", "has not produced any output (state: FINISHED)"),
        (
            f"{SUBMITIT}Error stream produced:\n{RULE}\nloading\nslurmstepd: error: Detected 1 oom_kill event\n",
            "has not produced any output (state: FINISHED); the last that it wrote is: "
            "slurmstepd: error: Detected 1 oom_kill event",
        ),
        (f"{SUBMITIT}Error stream produced:\n{RULE}\n", "has not produced any output (state: FINISHED)"),
    ],
)  # fmt: skip
def test_the_line_that_names_the_cause(text, told):
    assert reason(RuntimeError(text)) == told
