"""docs/embedding.md: its blocks run as they stand, those that need a framework in `make test-homes`."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from d9d_lr import AutoLRSchedulerProvider, ConfigError, PiecewiseConfig, compose_lr
from d9d_lr.integrations.building import build_scheduler
from helpers.hydra_versions import BASE, MAY_CALL

REPO = Path(__file__).parents[2]
PAGE = (REPO / "docs" / "embedding.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```([^\n]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def file_name(text):
    found = re.match(r"# ([\w/]+\.(?:py|yaml))\n", text)
    return found.group(1) if found else None


PLAIN = [text for kind, text in BLOCKS if kind == "python" and not file_name(text)]
FILES = {file_name(text): text for _, text in BLOCKS if file_name(text)}


@pytest.mark.parametrize("text", PLAIN)
def test_blocks_that_need_no_framework_run(text):
    exec(compile(text, "embedding.md", "exec"), {"__name__": "embedding"})


def test_every_adapter_has_a_block():
    adapters = {path.stem for path in (REPO / "d9d_lr" / "integrations").glob("*.py")} - {"__init__", "building"}
    shown = " ".join(text for kind, text in BLOCKS if kind.startswith("python"))
    assert {name for name in adapters if f"d9d_lr.integrations.{name} import" not in shown} == set()


@pytest.fixture
def application(in_tmp):
    for name, text in FILES.items():
        (in_tmp / name).parent.mkdir(parents=True, exist_ok=True)
        (in_tmp / name).write_text(text)
    return in_tmp


def test_the_command_lines_run(application):
    lines = [line for kind, text in BLOCKS if kind == "bash" for line in text.splitlines()]
    assert len(lines) == 4
    said = []
    for number, line in enumerate(lines):
        words = [sys.executable, *shlex.split(line)[1:], f"hydra.run.dir=run{number}"]
        environment = {**os.environ, "PYTHONPATH": str(application)}
        done = subprocess.run(words, cwd=application, env=environment, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout.strip())
    # wsd ends at a tenth of 0.001, warmup_cosine at a tenth of 0.004; the second line holds and goes to zero.
    # With a plain key, step 900 is halfway from 0.5, at 800, to 0.
    assert said == ["[0.0001, 0.0004]", "[0.0, 0.004]", "[0.25]", "[0.0001, 0.0004]"]


def test_the_error_of_a_changed_schedule_is_what_is_said():
    import torch

    def scheduler(total_steps):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.003)
        return build_scheduler(AutoLRSchedulerProvider(compose_lr(["lr=wsd"])), optimizer, total_steps)

    saved = scheduler(1000)
    saved.move_to(850)
    with pytest.raises(ConfigError) as refused:
        scheduler(1500).load_state_dict(saved.state_dict())
    (shown,) = [text for kind, text in BLOCKS if kind == "text"]
    assert f"{refused.value}\n" == shown


def test_the_yaml_of_a_provider_is_instantiated(in_tmp):
    from hydra import compose, initialize_config_dir
    from hydra.utils import instantiate

    (text,) = [text for kind, text in BLOCKS if kind == "yaml" and not file_name(text)]
    (in_tmp / "config.yaml").write_text(text)
    with initialize_config_dir(str(in_tmp), **BASE):
        provider = instantiate(compose("config").provider, **MAY_CALL)
    assert isinstance(provider, AutoLRSchedulerProvider)
    assert isinstance(compose_lr(["lr=wsd"]), PiecewiseConfig)


@pytest.mark.parametrize("in_a_file", ["lr/models@lr: llama3_405b", "lr: mine"])
def test_a_preset_in_a_folder_is_chosen_in_a_file(application, in_a_file):
    from hydra import compose, initialize_config_dir

    (application / "conf" / "of_a_file.yaml").write_text(f"defaults: [{in_a_file}, _self_]\n")
    (application / "conf" / "typed.yaml").write_text("defaults: [lr: wsd, _self_]\n")
    with initialize_config_dir(str(application / "conf"), **BASE):
        assert compose("of_a_file") == compose("typed", ["lr=models/llama3_405b"])
