"""Looking, composing and checking do not pay for torch."""

import subprocess
import sys

import pytest

SNIPPETS = {
    "import d9d_lr": "import d9d_lr",
    "compose_lr": "from d9d_lr import compose_lr; compose_lr(['lr.phases.0.steps=20'], 100)",
    "build_schedule": "import d9d_lr; d9d_lr.build_schedule(d9d_lr.compose_lr(), 200).multipliers([1])",
    "model_validate_json": "from d9d_lr import AutoLRSchedulerConfig; AutoLRSchedulerConfig.model_json_schema()",
    "records": "import d9d_lr.runs.results",
}
COMMANDS = ["--help", "--cfg job", "--cfg job --resolve", "--info defaults", "lr.phases.0.steps=-1", "lr/decay=linear"]

RUN = """
import sys
sys.argv = ["train", *{arguments!r}]
import d9d_lr.train
try:
    d9d_lr.train.main()
except SystemExit as leaving:
    assert leaving.code in (None, 0, 2), leaving
"""
CHECK = """
import sys
heavy = {"torch", "sklearn", "matplotlib", "pandas"} & set(sys.modules)
assert not heavy, heavy
"""


def check(code, cwd):
    done = subprocess.run([sys.executable, "-c", code + CHECK], cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("code", SNIPPETS.values(), ids=SNIPPETS)
def test_the_library_up_to_a_schedule_imports_no_torch(code, tmp_path):
    check(code, tmp_path)


@pytest.mark.parametrize("line", COMMANDS)
def test_the_command_line_imports_no_torch_before_it_trains(line, tmp_path):
    done = check(RUN.format(arguments=line.split()), tmp_path)
    assert done.stdout or "problem" in done.stderr
    assert list(tmp_path.iterdir()) == []
