"""An application outside the checkout, with the package installed as a wheel, editable, or not at all."""

import os
import subprocess
import sys
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

APPLICATION = """\
import hydra
from omegaconf import DictConfig

from d9d_lr import build_schedule, resolve_lr

@hydra.main(version_base=None, config_path=".", config_name="mine")
def main(config: DictConfig) -> None:
    print([build_schedule(resolve_lr(config.lr), config.steps).multiplier(step) for step in (0, 10, 100, 150, 200)])

main()
"""
CONFIG = "defaults:\n  - lr: wsd\n  - _self_\nsteps: 200\nhydra:\n  run: {dir: .}\n  output_subdir: null\n"


@pytest.fixture
def application(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "app.py").write_text(APPLICATION)
    (folder / "mine.yaml").write_text(CONFIG)
    return folder


@pytest.fixture
def clean_python(tmp_path):
    """A virtual environment that has what the package depends on, and not the package."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    installed = tmp_path / "venv" / "lib" / version / "site-packages"
    modules = ("hydra", "omegaconf", "pydantic", "numpy", "rich", "torch", "hatchling", "editables")
    folders = {str(Path(find_spec(module).origin).parents[1]) for module in modules}
    (installed / "dependencies.pth").write_text("\n".join(sorted(folders)) + "\n")
    return tmp_path / "venv" / "bin" / "python"


def run(*command, cwd, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    done = subprocess.run(command, cwd=cwd, env=kept | environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return done.stdout


def install(python, *what, cwd):
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--no-build-isolation", *what, cwd=cwd)


def check_application(python, folder, **environment):
    """The application composes, takes overrides, and gets `lr` and nothing else."""

    def app(*arguments):
        return run(python, "app.py", *arguments, cwd=folder, **environment)

    # 100 steps up; hold until 0.8 of 200, step 160; down from 1 to 0.1 over 40 steps
    assert app() == "[0.0, 0.1, 1.0, 1.0, 0.1]\n"
    # 10 steps up; at 100 the hold lasts; a decay to zero from 0.5 of 200, step 100, is halfway at 150
    overrides = ("lr.phases.0.steps=10", "lr/decay@lr.phases.2=linear_to_zero", "lr.phases.1.percentage=0.5")
    assert app(*overrides) == "[0.0, 1.0, 1.0, 0.5, 0.0]\n"

    shown = app("--help")
    groups = shown.split("== Configuration groups ==")[1].split("== Config ==")[0]
    named = {line.split(":")[0] for line in groups.splitlines() if ":" in line}
    phases = {"lr/warmup", "lr/hold", "lr/decay", "lr/curve"}
    assert named == {"lr", *phases, "lr/models", "lr/systems", "lr/batch_size", "lr/momentum", "lr/weight_decay"}

    hydra = app("--cfg", "hydra", "-p", "hydra.sweeper")
    assert "hydra._internal.core_plugins.basic_sweeper.BasicSweeper" in hydra


PLAIN = """\
import hydra

@hydra.main(version_base=None, config_path="plain")
def main(config) -> None:
    print(config.lr, "schedule" in config and [phase.target_multiplier for phase in config.schedule.phases.values()])

main()
"""
WITHOUT_FOLDERS = "hydra: {run: {dir: .}, sweep: {dir: ., subdir: .}, output_subdir: null"


def check_plain_key(python, tmp_path, **environment):
    """An application with a number at `lr` overrides and sweeps it, with the groups under another name or without."""
    folder = tmp_path / "plain_application"
    (folder / "plain").mkdir(parents=True)
    (folder / "plain.py").write_text(PLAIN)
    (folder / "plain" / "alone.yaml").write_text(f"lr: 0.1\n{WITHOUT_FOLDERS}}}\n")
    searched = "defaults: [schedule: wsd, _self_]\nlr: 0.1\n{}, searchpath: ['d9d_lr://schedule']}}\n"
    (folder / "plain" / "beside.yaml").write_text(searched.format(WITHOUT_FOLDERS))

    def app(*arguments):
        command = (python, "-W", "error", "plain.py", "-cn")
        return [line for line in run(*command, *arguments, cwd=folder, **environment).splitlines() if line[0] != "["]

    assert app("alone", "lr=0.5") == ["0.5 False"]
    assert app("alone", "-m", "lr=0.1,null") == ["0.1 False", "None False"]
    swapped = ("schedule/decay@schedule.phases.2=poly_to_zero", "schedule/curve@schedule.phases.0.curve=cosine")
    assert app("beside", "lr=0.5", *swapped) == ["0.5 [1.0, 1.0, 0.0]"]


def check_scripts(python, repo, folder):
    """Every console script of pyproject.toml is there, and the training one finds its configuration."""
    scripts = tomllib.loads((repo / "pyproject.toml").read_text())["project"]["scripts"]
    assert set(scripts) <= {path.name for path in python.parent.iterdir()}
    assert "total_steps: 123" in run(
        python.parent / "d9d-lr-train", "--cfg", "job", "train.total_steps=123", "lr=warmup_cosine", cwd=folder
    )


def test_the_wheel_works_in_a_clean_environment(repo, tmp_path, application, clean_python):
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path / "dist", repo, cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").iterdir()
    names = zipfile.ZipFile(wheel).namelist()
    assert {"d9d_lr/conf/schedules/lr/wsd.yaml", "d9d_lr/conf/app/config.yaml", "d9d_lr/py.typed"} <= set(names)
    assert not [name for name in names if name.startswith(("tests", "conf", "sweeps"))]

    install(clean_python, wheel, cwd=tmp_path)
    check_application(clean_python, application)
    check_plain_key(clean_python, tmp_path)
    check_scripts(clean_python, repo, application)


def test_the_editable_install_works_in_a_clean_environment(repo, tmp_path, application, clean_python):
    install(clean_python, "--editable", repo, cwd=tmp_path)
    check_application(clean_python, application)
    check_plain_key(clean_python, tmp_path)
    check_scripts(clean_python, repo, application)


def test_a_bare_checkout_works_without_an_install(repo, application, clean_python):
    check_application(clean_python, application, PYTHONPATH=str(repo))


def test_an_application_without_a_configuration_takes_a_number_for_lr(application):
    # The package is installed where the tests run.
    (application / "app.py").write_text(PLAIN.replace(', config_path="plain"', ", config_path=None"))
    told = run(sys.executable, "app.py", "+lr=0.5", "hydra.run.dir=.", "hydra.output_subdir=null", cwd=application)
    assert told == "0.5 False\n"
