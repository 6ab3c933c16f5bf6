"""`python -m d9d_lr.plot`: composed as the entrypoint composes, drawn exactly, readable in any terminal."""

import dataclasses
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from d9d_lr import ConfigError, PiecewiseConfig, build_schedule, compose_lr, plot
from d9d_lr.comparing.names import labels_of, short_labels
from d9d_lr.composing.cli import run_tool
from d9d_lr.diagnostics.problems import RunError
from d9d_lr.plotting.figure import draw, new_figure, save
from d9d_lr.plotting.many import distinct
from d9d_lr.plotting.quantity import Panel, values_of
from d9d_lr.plotting.sampling import steps_to_draw
from d9d_lr.plotting.series import compose_series
from d9d_lr.plotting.window import Window

SWEEP_FILE = """\
# A sweep of a person's own.
defaults: [config, _self_]
hydra:
  mode: MULTIRUN
  sweeper:
    params:
      lr.phases.0.steps: 50,100
      optimizer.lr: 0.1,0.2
"""


def status_of(*arguments):
    with pytest.raises(SystemExit) as stop:
        run_tool(plot.plot, arguments)
    return stop.value.code


# --- composing -------------------------------------------------------------------------------------------------------


def test_points_of_a_sweep_in_order_with_what_differs():
    series = compose_series(["lr=wsd", "lr.phases.0.steps=50,100", "optimizer.lr=0.1,0.2", "train.seed=3"])
    assert [one.label for one in series] == [
        "lr.phases.0.steps=50, optimizer.lr=0.1",
        "lr.phases.0.steps=50, optimizer.lr=0.2",
        "lr.phases.0.steps=100, optimizer.lr=0.1",
        "lr.phases.0.steps=100, optimizer.lr=0.2",
    ]
    assert [one.schedule.phases[0].end_step for one in series] == [50, 50, 100, 100]
    assert [one.base_lr for one in series] == [0.1, 0.2, 0.1, 0.2]


def test_groups_sweep_and_each_schedule_is_the_one_that_compose_lr_gives():
    series = compose_series(["lr=wsd,warmup_cosine", "lr/curve@lr.phases.0.curve=linear,cosine"])
    steps = np.arange(1001)
    for one in series:
        config = compose_lr([f"{key}={value}" for key, value in one.swept], 1000)
        assert np.array_equal(one.schedule.multipliers(steps), build_schedule(config, 1000).multipliers(steps))
    assert len({one.label for one in series}) == 4


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("lr.phases.0.steps=range(10,50,10)", 4),
        ("lr.phases.0.steps=choice(10,20)", 2),
        ("lr=glob(warmup_c*)", 2),
        ("hydra.launcher.n_jobs=2", 1),  # of a launcher that need not be installed here
        ("lr/decay@lr.phases.2=linear,none", 2),
    ],
)
def test_every_way_to_list_values(words, count):
    assert len(compose_series([words])) == count


def test_a_sweep_file_of_the_users_own(tmp_path):
    (tmp_path / "mine.yaml").write_text(SWEEP_FILE)
    series = compose_series([], config_dir=tmp_path, config_name="mine")
    assert [dict(one.swept) for one in series] == [
        {"lr.phases.0.steps": steps, "optimizer.lr": lr} for steps in ("50", "100") for lr in ("0.1", "0.2")
    ]
    typed = compose_series(["optimizer.lr=0.3"], config_dir=tmp_path, config_name="mine.yaml")
    assert [(one.base_lr, one.label) for one in typed] == [
        (0.3, "lr.phases.0.steps=50"),
        (0.3, "lr.phases.0.steps=100"),
    ]


def test_keys_that_advance_together_do_so_here_too():
    series = compose_series(
        ["lr.phases.0.steps=50,100", "train.seed=1,2", "sweep.zip=[[lr.phases.0.steps,train.seed]]"]
    )
    assert [dict(one.swept) for one in series] == [
        {"lr.phases.0.steps": "50", "train.seed": "1"},
        {"lr.phases.0.steps": "100", "train.seed": "2"},
    ]


def test_all_problems_of_all_points_each_once():
    with pytest.raises(ConfigError, match="3 problems") as caught:
        compose_series(["lr.phases.0.steps=0,50,5000", "optimizer.lr=-1"])
    assert [problem.key for problem in caught.value.problems] == [
        "lr.phases.0.steps",
        "optimizer.lr",
        "lr.phases.0.steps",
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lr=wsdd"], r"'wsdd' is not one of .*did you mean 'wsd'"),
        (["lr.phases.0.steps=interval(1,5)"], r"has no end of values"),
        (["lr=glob(zz*)"], r"stands for no value"),
        (["--out", "picture.jpg"], r"must end in \.png, \.svg or \.pdf"),
        (["-cd", "nowhere"], r"there is no folder 'nowhere'"),
        (["-cn", "nope"], r"nope"),
        (
            ["optimizer=custom", "optimizer._target_=torch.optim.Adam", "--y", "lr"],
            r"give it a learning rate, \+optimizer.lr=VALUE, or draw the multiplier: --y multiplier",
        ),
        (
            ["lr._target_=tests_viewing_provider.build"],
            r"in torch d9d_lr.visualize_lr_scheduler\(factory, num_steps, init_lr\) draws any torch scheduler",
        ),
    ],
)
def test_wrong_words_end_with_status_2_and_a_sentence(words, message, capsys, tmp_path, monkeypatch):
    (tmp_path / "tests_viewing_provider.py").write_text("def build(): ...")
    monkeypatch.syspath_prepend(tmp_path)
    assert status_of(*words) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert re.search(message, said), said


# --- the picture -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("y", ["lr", "multiplier"])
def test_the_lines_of_the_figure_are_the_schedule_itself(y):
    series = compose_series(["lr=wsd,step_list", "optimizer.lr=0.5", "train.total_steps=100000"])
    axes = draw([Panel(series, y)]).axes[0]
    factor = 0.5 if y == "lr" else 1.0
    drawn = {line.get_label(): line for line in axes.lines}
    for one in series:
        steps, values = drawn[one.label].get_data()
        assert np.array_equal(values, factor * one.schedule.multipliers(steps))
        assert {0, 100_000, *(phase.end_step for phase in one.schedule.phases)} <= set(steps.tolist())


def test_phase_boundaries_are_marked():
    axes = draw([Panel(compose_series(["lr=wsd"]), "multiplier")]).axes[0]
    dots = next(line for line in axes.lines if line.get_marker() == "o")
    # wsd over 1000 steps: warmup to 100, hold to 800, decay to 1000
    assert np.array_equal(dots.get_data(), [[0, 100, 800, 1000], [0.0, 1.0, 1.0, 0.1]])
    assert [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"] == [0, 100, 800, 1000]


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_files_open_and_are_the_same_each_time(ending, tmp_path, capsys):
    files = [tmp_path / name / f"plot.{ending}" for name in ("a", "b")]
    for file in files:
        plot.plot(["lr=wsd", "lr.phases.0.steps=50,100,200", "--out", str(file)])
    assert files[0].read_bytes() == files[1].read_bytes()
    if ending == "png":
        with Image.open(files[0]) as image:
            image.verify()
            assert image.size[0] > 1000
    elif ending == "svg":
        assert ET.parse(files[0]).getroot().tag.endswith("svg")
    else:
        assert files[0].read_bytes().startswith(b"%PDF")
    assert f"wrote {files[1]}" in capsys.readouterr().out


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(RunError, match=r"pip install 'd9d-lr\[plot\]'"):
        new_figure(1, 1)


def test_a_file_that_cannot_be_written_is_reported(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert status_of("--out", str(tmp_path / "file" / "x.png")) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_many_points_have_a_legend_beside_the_plot():
    figure = draw([Panel(compose_series(["lr.phases.0.steps=range(1,13)"]), "lr")])
    legend = figure.axes[0].get_legend()
    assert legend.get_title().get_text() == "lr.phases.0.steps"
    assert [text.get_text() for text in legend.get_texts()] == [str(steps) for steps in range(1, 13)]


# --- which steps -----------------------------------------------------------------------------------------------------


def test_a_million_steps_are_a_few_thousand_points_with_every_corner():
    schedule = build_schedule(compose_lr(["lr=step_list"]), 1_000_000)
    steps = steps_to_draw(schedule, 1_000_000)
    assert len(steps) < 2_100
    assert {0, 499_999, 500_000, 500_001, 749_999, 750_000, 999_999, 1_000_000} <= set(steps.tolist())


@given(
    lengths=st.lists(st.integers(1, 5000), min_size=1, max_size=6),
    extra=st.integers(0, 1000),
    points=st.integers(2, 50),
)
@settings(max_examples=50, deadline=None)
def test_steps_are_in_order_inside_the_run_and_hold_the_ends(lengths, extra, points):
    phases = [{"mode": "steps", "steps": n, "target_multiplier": 1.0, "curve": {"type": "linear"}} for n in lengths]
    config = PiecewiseConfig.model_validate({"initial_multiplier": 0.0, "phases": phases})
    last = sum(lengths) + extra
    steps = steps_to_draw(build_schedule(config, last), last, points)
    assert (np.diff(steps) > 0).all()
    assert steps[0] == 0
    assert steps[-1] == last
    assert len(steps) <= points + 3 * (len(lengths) + 1)


# --- labels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("swept", "labels", "title", "short"),
    [
        ([{}], [""], "", [""]),
        ([{"a": "1"}, {"a": "2"}], ["a=1", "a=2"], "a", ["1", "2"]),
        ([{"a": "1", "b": "3"}, {"a": "1", "b": "4"}], ["b=3", "b=4"], "b", ["3", "4"]),
        ([{"a": "1", "b": "3"}, {"a": "2", "b": "4"}], ["a=1, b=3", "a=2, b=4"], "", ["a=1, b=3", "a=2, b=4"]),
        ([{"a": "1"}, {}], ["a=1", ""], "a", ["1", "-"]),
    ],
)
def test_labels_say_what_differs_and_nothing_else(swept, labels, title, short):
    assert labels_of(swept) == labels
    assert short_labels(swept) == (title, short)


# --- the terminal ----------------------------------------------------------------------------------------------------


def run_plot(*words, **environment):
    inherited = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}}
    command = [sys.executable, "-m", "d9d_lr.plot", *words]
    return subprocess.run(
        command, env={**inherited, **environment}, capture_output=True, text=True, encoding="utf-8", check=True
    )


@pytest.mark.parametrize("columns", [80, 200])
@pytest.mark.parametrize("color", [False, True])
def test_terminal_output_fits_and_is_coloured_only_where_asked(columns, color):
    environment = {"COLUMNS": str(columns), **({"FORCE_COLOR": "1", "TERM": "xterm-256color"} if color else {})}
    out = run_plot("lr=wsd,warmup_cosine", **environment).stdout
    assert ("\x1b[" in out) == color
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out)
    lines = plain.splitlines()
    assert max(map(len, lines)) <= columns
    assert max(map(len, lines)) > 0.75 * min(columns, 160)  # and uses what there is
    assert "learning rate by step" in plain
    assert "  a lr=wsd" in lines
    assert "  b lr=warmup_cosine" in lines
    assert any(line.split() == ["1", "percentage", "100", "800", "1", "1", "linear"] for line in lines)
    assert any(line.split() == ["2", "rest", "800", "1000", "1", "0.1", "linear"] for line in lines)
    # ticks: quarters of the base learning rate 0.003 upwards, of 1000 steps to the right
    assert [line.split()[0] for line in lines if "┤" in line] == ["0.003", "0.00225", "0.0015", "0.00075", "0"]
    assert ["0", "250", "500", "750", "1000"] in [line.split() for line in lines]


def test_no_color_is_respected_and_torch_and_matplotlib_are_not_imported():
    code = (
        "import sys; from d9d_lr.plot import plot; plot(['lr=wsd', 'lr.phases.0.steps=50,100']);"
        "print(sorted({'torch', 'matplotlib.pyplot', 'matplotlib.figure'} & set(sys.modules)))"
    )
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm-256color"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "\x1b[" not in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
    assert done.stderr == ""  # that the packaged warmup starts at 0 is no advice


def test_the_line_in_the_terminal_goes_where_the_schedule_goes(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    plot.plot(["lr=linear_to_zero", "--y", "multiplier"])
    rows = [line.split("┤" if "┤" in line else "│")[1] for line in capsys.readouterr().out.splitlines()[1:18]]
    # 17 rows of a straight line from (0, 1) to (1000, 0): each row starts right of the one above
    starts = [len(row) - len(row.lstrip()) for row in rows]
    assert starts == sorted(starts)
    assert starts[0] == 0
    assert abs(starts[8] - 68 / 2) <= 3  # half the height at half of the 68 columns


def test_a_reader_that_stops_early_is_no_error():
    command = f"{sys.executable} -m d9d_lr.plot lr=wsd | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert "Traceback" not in done.stderr


def test_advice_is_said_once_and_names_the_points_it_is_about(capsys):
    plot.plot(["lr=wsd", "lr.initial_multiplier=0.0,0.5"])
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("advice")]
    assert len(lines) == 1
    assert lines[0].endswith("[lr.initial_multiplier=0.0]")


def test_a_curve_of_many_points_says_its_power(capsys):
    plot.plot(["lr/decay@lr.phases.2=poly", "lr.phases.2.curve.power=0.5"])
    assert "poly, power 0.5" in capsys.readouterr().out


def test_values_of_a_series_are_base_lr_times_multiplier():
    (one,) = compose_series(["optimizer.lr=0.25", "lr=linear_to_zero", "train.total_steps=4"])
    steps = np.arange(5)
    assert values_of(one, steps, "lr").tolist() == [0.25, 0.1875, 0.125, 0.0625, 0.0]
    assert values_of(one, steps, "multiplier").tolist() == [1.0, 0.75, 0.5, 0.25, 0.0]


# --- which part, and on which axes ----------------------------------------------------------------------------------


def test_seeds_are_drawn_once():
    series = distinct(compose_series(["lr=wsd,warmup_cosine", "train.seed=0,1,2"]))
    assert [one.label for one in series] == ["lr=wsd", "lr=warmup_cosine"]
    same = distinct(compose_series(["train.seed=0,1"]))
    assert len(same) == 1


def test_a_zoom_shows_every_step_of_a_short_warmup_in_a_long_run():
    (one,) = compose_series(["lr.phases.0.steps=2000", "train.total_steps=1000000"])
    axes = draw([Panel([one], "multiplier")], Window(0, 4000)).axes[0]
    steps, values = axes.lines[0].get_data()
    assert (steps[0], steps[-1]) == (0, 4000)
    assert np.array_equal(values, one.schedule.multipliers(steps))
    assert sum(steps < 2000) > 900  # of 2000 points in sight, half lie in the warmup


def test_a_logarithmic_axis_spreads_the_steps_over_decades(capsys):
    (one,) = compose_series(["lr.phases.0.steps=2000", "train.total_steps=1000000"])
    steps = steps_to_draw(one.schedule, 1_000_000, 60, log=True)
    assert steps[0] == 0
    assert sum(steps <= 2000) > 30  # 3.3 of the 6 decades lie within the warmup
    for ending in ("png", "svg"):
        assert draw([Panel([one], "lr")], Window(log_x=True, log_y=True)).axes[0].get_yscale() == "log", ending
    plot.plot(["lr.phases.0.steps=2000", "train.total_steps=1000000", "--log-x", "--log-y"])
    out = capsys.readouterr().out
    assert "learning rate (log) by step (log)" in out
    assert re.search(r"\b1000\b.*\b1000000\b", out)  # the middle of six decades, and their end


def test_the_zoomed_terminal_ends_where_it_should(capsys):
    plot.plot(["train.total_steps=1000000", "lr.phases.0.steps=2000", "--zoom", "0:4_000"])
    axis = next(line for line in capsys.readouterr().out.splitlines() if "2000" in line and "4000" in line)
    assert axis.split() == ["0", "1000", "2000", "3000", "4000"]


@pytest.mark.parametrize("zoom", ["5", "9:3", "a:b", "-1:4", "3:3"])
def test_a_zoom_that_is_none_is_refused(zoom):
    with pytest.raises(ConfigError, match=r"(?s)two steps in order.*as in --zoom 0:4000"):
        plot.plot([f"--zoom={zoom}"])


def test_thirty_schedules_have_a_legend_of_groups():
    names, (one,) = [f"s{index}" for index in range(5)], compose_series([])
    swept = [(("lr", name), ("optimizer.lr", str(rate))) for name in names for rate in range(1, 7)]
    figure = draw([Panel([dataclasses.replace(one, swept=keys, label=str(keys)) for keys in swept], "lr")])
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert len(figure.axes[0].lines) == 30
    assert texts == [f"optimizer.lr={rate}" for rate in range(1, 7)] + [f"lr={name}" for name in names]


def test_text_in_an_svg_is_text(tmp_path):
    save(draw([Panel(compose_series(["lr=wsd,constant"]), "lr")]), tmp_path / "a.svg")
    assert ">learning rate</text>" in (tmp_path / "a.svg").read_text()


def test_a_dollar_in_a_label_is_a_dollar(tmp_path):
    (one,) = compose_series(["lr=wsd"])
    pair = [dataclasses.replace(one, label=text, swept=(("a", text),)) for text in ("$a_{$", "$\\frac$")]
    save(draw([Panel(pair, "lr")]), tmp_path / "a.png")
    save(draw([Panel(pair[:1], "lr")]), tmp_path / "b.png")


def test_that_the_packaged_warmup_starts_at_zero_is_no_news(capsys):
    plot.plot([])
    assert "advice" not in capsys.readouterr().err
