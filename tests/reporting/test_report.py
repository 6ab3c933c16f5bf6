"""`python -m d9d_lr.report`: every run below a folder, in whatever state, with its own numbers, its texts as text."""

import json
import re
import shlex
import sys
from html.parser import HTMLParser

import pytest
from PIL import Image

from d9d_lr import build_schedule, compose_lr, report
from d9d_lr.composing.cli import run_tool
from d9d_lr.reporting.figures import write_figures
from d9d_lr.reporting.page import html_of
from d9d_lr.reporting.run_curves import curve, curves_of, evenly_spaced_indices, thinned, with_phase_ends
from d9d_lr.reporting.run_views import points_for, read_runs
from d9d_lr.reporting.sweep_view import heat_maps, view_of
from d9d_lr.runs.record import split_overrides
from helpers.run_folders import BASE_LR, write_grid, write_run

AXES = {"lr.phases.0.steps": [10, 20, 40], "lr.phases.2.target_multiplier": [0.0, 0.1]}
NASTY = "broke at </script><script>alert('x')</script> & \"quoted\" <b>"


@pytest.fixture
def sweep(tmp_path):
    """Six completed runs, one failed, one interrupted, one unfinished, and one that never began."""
    folder = tmp_path / "sweep"
    losses = write_grid(folder, AXES)
    write_run(folder / "6", ["lr.phases.0.steps=70"], status="failed", reach=30, error=NASTY)
    write_run(folder / "7", ["lr.phases.0.steps=60"], status="unfinished", reach=40)
    write_run(folder / "8", ["lr.phases.0.steps=61"], status="interrupted", reach=50)
    (folder / "sweep.json").write_text(
        json.dumps({"points": [{"folder": "9", "changed": {"lr.phases.0.steps": "5"}, "command": "the command"}]})
    )
    return folder, losses


@pytest.fixture
def no_figures(monkeypatch):
    """Leaves out the PNG files."""
    monkeypatch.setattr(report, "write_figures", lambda *_: [])


class Page(HTMLParser):
    """What a page holds: balanced tags, the rows of its table, its data."""

    VOID = frozenset({"meta", "link", "input", "br", "wbr"})

    def __init__(self, path):
        super().__init__()
        self.open, self.tables, self.tags, self.texts, self.urls = [], {}, [], {}, []
        self.feed(path.read_text(encoding="utf-8"))
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        self.urls += [value for name, value in attributes if name in ("href", "src")]
        if tag == "table":
            self.rows = self.tables.setdefault(dict(attributes)["id"], [])
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if "table" in self.open and self.open[-1] in ("td", "button"):
            self.rows[-1][-1] += text
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + text

    @property
    def data(self):
        return json.loads(re.search(r'\{"objective".*', self.texts["script"]).group().splitlines()[0])


def made(folder):
    """Writes and reads the page alone; the figures take longer, and have tests of their own."""
    (folder / "report.html").write_text(html_of(view_of(read_runs([folder]), "the title")), encoding="utf-8")
    return Page(folder / "report.html")


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_table_of_runs_has_their_numbers_best_first(sweep):
    folder, losses = sweep
    head, *rows = made(folder).tables["runs"]
    assert head == ["#", "status", "val_loss", "lowest", *AXES, "steps", "seconds", "folder"]
    in_order = sorted(losses.items(), key=lambda item: item[1])
    for row, (_, loss) in zip(rows, in_order, strict=False):
        assert row[1] == "completed"
        assert float(row[2]) == pytest.approx(loss, rel=1e-4)
        typed = tuple(f"{key}={value}" for key, value in zip(AXES, row[4:6], strict=True))
        assert losses[typed] == pytest.approx(loss, rel=1e-12)
    assert [row[1] for row in rows[6:]] == ["failed", "interrupted", "unfinished", "not started"]
    assert [row[6] for row in rows[6:]] == ["30 of 100", "50 of 100", "40", "0"]


def test_the_table_of_settings_folds_seeds_and_says_what_is_missing(tmp_path):
    for seed in (0, 1):
        write_run(tmp_path / f"a{seed}", ["lr=wsd", f"train.seed={seed}"])
    write_run(tmp_path / "b0", ["lr=warmup_cosine", "train.seed=0"])
    write_run(tmp_path / "b1", ["lr=warmup_cosine", "train.seed=1"], status="failed", error="no memory")
    page = made(tmp_path)
    assert page.tables["settings"][0] == ["#", "val_loss", "seeds", "lr", "state"]
    assert {(row[3], row[2], row[4]) for row in page.tables["settings"][1:]} == {
        ("wsd", "2", ""),
        ("warmup_cosine", "1", "1 failed"),
    }
    assert [run["setting"] for run in page.data["runs"]].count(0) == 2
    assert "is best" in page.texts["p"]


def test_the_answer_repeats_the_best_setting_with_all_its_seeds(tmp_path):
    for steps, seed in [(10, 0), (10, 1), (40, 0), (40, 1)]:
        write_run(tmp_path / f"{steps}{seed}", [f"lr.phases.0.steps={steps}", f"train.seed={seed}"])
    text = made(tmp_path).texts["pre"]
    assert "python -m d9d_lr.train -m lr.phases.0.steps=40 train.seed=0,1" in text


def test_the_curves_are_those_of_the_files(sweep):
    folder, _ = sweep
    page = made(folder).data
    index, best = next(item for item in enumerate(page["settings"]) if item[1]["values"] == ["40", "0.1"])
    schedule = build_schedule(compose_lr(["lr.phases.0.steps=40", "lr.phases.2.target_multiplier=0.1"], 100), 100)
    # every step of a short run, as the saved schedule has it: 1 / 40 after one step, though every tenth was logged
    assert best["lr"][0] == list(range(101))
    assert best["lr"][1] == pytest.approx([BASE_LR * schedule.multiplier(step) for step in range(101)], rel=1e-4)
    run = next(run for run in page["runs"] if run["setting"] == index)
    written = [json.loads(line) for line in (folder / "5" / "metrics.jsonl").read_text().splitlines()]
    assert run["train"][1] == pytest.approx([row["train_loss"] for row in written if "train_loss" in row], rel=1e-4)
    assert run["val"][0] == [0, 20, 40, 60, 80, 100]
    assert run["val"][1] == pytest.approx([row["val_loss"] for row in written if "val_loss" in row], rel=1e-4)


def test_without_a_schedule_of_ours_the_logged_learning_rate_is_drawn(tmp_path):
    write_run(tmp_path / "0", [])
    (tmp_path / "0" / "schedule.json").write_text('{"_target_": "my_schedules.InverseSqrt"}')
    assert made(tmp_path).data["settings"][0]["lr"][0] == list(range(0, 101, 10))


def test_the_best_run_has_its_exact_command_and_schedule(sweep):
    folder, losses = sweep
    text = made(folder).texts["pre"]
    best = min(losses, key=losses.get)
    assert shlex.join(["python", "-m", "d9d_lr.train", *best]) in text
    assert '"initial_multiplier": 0.0' in text


def test_nothing_of_a_run_becomes_markup_and_nothing_is_fetched(sweep):
    folder, _ = sweep
    page = made(folder)
    assert page.tags.count("script") == 2
    assert "b" not in page.texts or NASTY not in page.texts["b"]
    assert NASTY in page.texts["div"]
    assert page.urls == ["data:,"]
    assert "http" not in (folder / "report.html").read_text().replace("http://www.w3.org/2000/svg", "").replace(
        "http-equiv", ""
    )


def test_failures_are_grouped_by_cause(tmp_path):
    for index, cause in enumerate(["no memory", "no memory", "no disk"]):
        write_run(tmp_path / str(index), [f"train.seed={index}"], status="failed", reach=10, error=cause)
    view = view_of(read_runs([tmp_path]), "")
    assert {cause: len(places) for cause, places in view.failures.items()} == {"no memory": 2, "no disk": 1}
    assert "3 runs failed (2 causes)" in html_of(view)


def test_the_heat_map_is_over_the_two_swept_keys(sweep):
    folder, losses = sweep
    (found,) = heat_maps(view_of(read_runs([folder]), "title"))
    assert (found.columns, found.rows) == (("10", "20", "40"), ("0.0", "0.1"))
    for row, cells in zip(found.rows, found.cells, strict=True):
        for column, (mean, count) in zip(found.columns, cells, strict=True):
            wanted = losses[f"lr.phases.0.steps={column}", f"lr.phases.2.target_multiplier={row}"]
            assert (mean, count) == (pytest.approx(wanted, rel=1e-12), 1)


def test_the_heat_map_counts_settings_and_not_seeds(tmp_path):
    for seed, steps, end in [(0, 10, 0.0), (1, 10, 0.0), (0, 20, 0.0), (0, 20, 0.5)]:
        keys = [f"lr.phases.0.steps={steps}", f"lr.phases.2.target_multiplier={end}", f"train.seed={seed}"]
        write_run(tmp_path / f"{seed}{steps}{end}", keys)
    (found,) = heat_maps(view_of(read_runs([tmp_path]), ""))
    assert [[count for _, count in row] for row in found.cells] == [[1, 1], [0, 1]]
    assert found.cells[1][0] == (None, 0)


def test_a_random_search_has_no_heat_map(tmp_path):
    for index in range(9):
        write_run(
            tmp_path / str(index), [f"lr.phases.0.steps={index + 1}", f"lr.phases.2.target_multiplier=0.{index}1"]
        )
    assert heat_maps(view_of(read_runs([tmp_path]), "")) == []  # 81 cells for 9 runs


def test_constant_overrides_are_never_swept(tmp_path):
    # "task" is typed for each run of the first sweep and for none of the second; "lr" for all, and differs
    for name, extra, schedule in (("first", ["task.width=64"], "wsd"), ("second", [], "warmup_cosine")):
        for rate in ("0.1", "0.2"):
            write_run(tmp_path / name / rate, [f"lr={schedule}", f"optimizer.lr={rate}", *extra])
    view = view_of(read_runs([tmp_path]), "")
    assert set(view.keys) == {"lr", "optimizer.lr"}
    assert {one.sweep for one in view.settings} == {"first", "second"}
    assert "sweep" in made(tmp_path).tables["settings"][0]


def test_what_competes_can_be_chosen(sweep):
    view = view_of(read_runs([sweep[0]]), "", ["lr.phases.2.target_multiplier"])
    assert {view.answers[0].best.name, view.answers[0].leads[0].other.name} == {
        "lr.phases.2.target_multiplier=0.0",
        "lr.phases.2.target_multiplier=0.1",
    }


# --- the files beside it ---------------------------------------------------------------------------------------------


def test_the_png_files_open_and_are_one_for_each_figure(sweep, tmp_path, capsys):
    folder, _ = sweep
    out = tmp_path / "elsewhere"
    report.report([str(folder), "--out", str(out)])
    names = sorted(path.name for path in out.glob("*.png"))
    assert names == [
        "report_losses.png",
        "report_schedules.png",
        "report_val_loss_by_lr_phases_0_steps.png",
        "report_val_loss_by_lr_phases_0_steps_and_lr_phases_2_target_multiplier.png",
        "report_val_loss_by_lr_phases_2_target_multiplier.png",
    ]
    for name in names:
        with Image.open(out / name) as image:
            image.verify()
    assert f"wrote {out / 'report.html'}" in capsys.readouterr().out
    assert not (folder / "report.html").exists()


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path):
    write_run(tmp_path / "sweep" / "0", ["lr=wsd"])
    precious = tmp_path / "precious.txt"
    precious.write_text("precious")
    for name in ("report.html", "report_losses.png"):
        (tmp_path / "sweep" / name).symlink_to(precious)
    report.report([str(tmp_path / "sweep")])
    assert precious.read_text() == "precious"
    assert not (tmp_path / "sweep" / "report_losses.png").is_symlink()


def test_without_matplotlib_the_page_is_written_all_the_same(sweep, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    report.report([str(sweep[0])])
    assert "pip install 'd9d-lr[plot]'" in capsys.readouterr().err
    assert list(sweep[0].glob("*.png")) == []


def test_formulas_in_swept_values_are_text(tmp_path):
    for value in ("$a_{$", "$\\frac$", "new\nline"):
        write_run(tmp_path / str(len(value)), [f"task.name={value}", "optimizer.lr=0.1"])
    write_run(tmp_path / "other", ["task.name=b", "optimizer.lr=0.2"])
    view = view_of(read_runs([tmp_path]), "$a_{$")
    assert len(write_figures(view, tmp_path)) == 5  # schedules, losses, by each of two keys, and by both


@pytest.mark.parametrize("columns", [80, 200])
@pytest.mark.usefixtures("no_figures")
def test_the_terminal_has_the_answer_the_errors_and_the_best_command(sweep, columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    report.report([str(sweep[0])])
    out = capsys.readouterr().out
    assert "\x1b[" not in out
    table = out[: out.index("10 runs: ")].splitlines()
    assert max(map(len, table)) <= columns
    assert "10 runs: 6 completed, 1 failed, 1 interrupted, 1 unfinished, 1 not started" in " ".join(out.split())
    assert " ".join(NASTY.split()) in " ".join(out.split())
    assert "lr.phases.0.steps=40, lr.phases.2.target_multiplier=0.0 is best" in " ".join(out.split())
    assert "repeat the best: python -m d9d_lr.train lr.phases.0.steps=40" in out


@pytest.mark.usefixtures("no_figures")
def test_watching_ends_when_the_last_run_has(sweep, monkeypatch, capsys):
    looks = []

    def wait(seconds):
        looks.append(seconds)
        if len(looks) == 2:
            write_run(sweep[0] / "7", ["lr.phases.0.steps=60"])
            (sweep[0] / "sweep.json").unlink()

    monkeypatch.setattr(report.time, "sleep", wait)
    report.report([str(sweep[0]), "--watch", "3"])
    assert looks == [3.0, 3.0]
    assert capsys.readouterr().out.count("looking again in 3 s") == 2


# --- reading ---------------------------------------------------------------------------------------------------------


def test_several_folders_and_folders_of_sweeps_are_one_report(tmp_path):
    for name in ("first", "second"):
        write_run(tmp_path / name / "0", [f"optimizer.lr=0.{len(name)}"])
        write_run(tmp_path / name / "1", ["optimizer.lr=0.9"])
    assert {run.name for run in read_runs([tmp_path / "first", tmp_path / "second"])} == {
        "first/0",
        "first/1",
        "second/0",
        "second/1",
    }
    assert {run.name for run in read_runs([tmp_path])} == {"first/0", "first/1", "second/0", "second/1"}
    assert [run.name for run in read_runs([tmp_path / "first" / "1"])] == ["1"]


def test_a_damaged_file_spoils_its_own_run_only(sweep):
    folder, _ = sweep
    (folder / "0" / "result.json").write_text('{"status": "comp')
    (folder / "1" / "metrics.jsonl").write_text('{"step": 0}\nnot json\n')
    (folder / "2" / ".hydra" / "overrides.yaml").write_text("[unclosed")
    (folder / "2" / "result.json").unlink()
    runs = {run.name: run for run in read_runs([folder])}
    assert [runs[name].status for name in "012"] == ["failed"] * 3
    assert all("cannot be read" in runs[name].error for name in "012")
    assert [runs[name].status for name in "345"] == ["completed"] * 3


def test_a_damaged_plan_is_reported_and_the_runs_are_read(sweep):
    (sweep[0] / "sweep.json").write_text("{")
    runs = read_runs([sweep[0]])
    (error,) = (run.error for run in runs if run.name == "sweep.json")
    assert error.startswith(f"{sweep[0] / 'sweep.json'} is damaged: ")
    assert sum(run.status == "completed" for run in runs) == 6


def test_a_line_cut_short_and_values_that_are_no_number(tmp_path):
    write_run(tmp_path / "0", [], status="unfinished", reach=20)
    with (tmp_path / "0" / "metrics.jsonl").open("a") as file:
        file.write('{"step": 30, "lr": 0.1, "train_loss": NaN, "val_loss": NaN}\n{"step": 40, "lr"')
    (run,) = read_runs([tmp_path])
    assert run.steps == 30
    assert run.curves.lr[0] == (0, 10, 20, 30)
    assert run.curves.train_loss[0] == (0, 10, 20)
    made(tmp_path)  # NaN is no JSON; the page leaves it out


def test_a_run_that_only_began_is_unfinished(tmp_path):
    (tmp_path / "0" / ".hydra").mkdir(parents=True)
    (tmp_path / "0" / ".hydra" / "overrides.yaml").write_text("[]\n")
    (run,) = read_runs([tmp_path])
    assert (run.status, run.steps, run.objective) == ("unfinished", 0, None)
    made(tmp_path)


@pytest.mark.parametrize(("words", "message"), [(["nowhere"], "there is no folder"), (["."], "holds no run")])
def test_folders_without_runs_end_with_status_2(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        run_tool(report.report, words)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_command_has_the_folder_and_the_file_it_was_started_with(tmp_path):
    write_run(tmp_path / "0", ["lr.phases.0.steps=10", "task.text_file='a b.txt'"])
    (tmp_path / "0" / ".hydra" / "hydra.yaml").write_text(
        "hydra:\n  job: {config_name: warmup_length}\n  runtime:\n    config_sources:\n"
        "    - {path: /some/sweeps, schema: file, provider: command-line}\n"
        "    - {path: hydra.conf, schema: pkg, provider: hydra}\n"
    )
    (run,) = read_runs([tmp_path])
    assert shlex.split(run.command) == [
        *["python", "-m", "d9d_lr.train", "-cd", "/some/sweeps", "-cn", "warmup_length", "hydra.mode=RUN"],
        *["lr.phases.0.steps=10", "task.text_file='a b.txt'"],
    ]


def test_overrides_as_keys_and_values():
    assert split_overrides(["a=1", "+b.c=x=y", "~lr/hold@lr.phases.1", "++d="]) == {
        "a": "1",
        "b.c": "x=y",
        "lr/hold@lr.phases.1": "deleted",
        "d": "",
    }


# --- between logged steps ---------------------------------------------------------------------------------------------


def logged(schedule, every, total_steps):
    steps = tuple(range(0, total_steps + 1, every))
    return steps, tuple(BASE_LR * schedule.multiplier(step) for step in steps)


def test_lines_turn_where_the_phases_end_and_not_at_the_next_logged_step():
    # 5 steps up, level until 0.8 of 60 = 48, and down: logged are 0, 10, ..., 60
    schedule = build_schedule(compose_lr(["lr.phases.0.steps=5"], total_steps=60), 60)
    steps, values = with_phase_ends(logged(schedule, 10, 60), schedule)
    assert steps == (0, 5, 10, 20, 30, 40, 48, 50, 60)
    assert values == pytest.approx([BASE_LR * schedule.multiplier(step) for step in steps], rel=1e-12)


def test_a_jump_stays_upright():
    # 1.0, from 0.5 of 100 = 50 on 0.5, from 75 on 0.25: the steps before the jumps are not logged
    schedule = build_schedule(compose_lr(["lr=step_list"], total_steps=100), 100)
    steps, values = with_phase_ends(logged(schedule, 10, 100), schedule)
    assert set(steps) - set(range(0, 101, 10)) == {49, 74, 75}
    at = dict(zip(steps, values, strict=True))
    assert [at[step] / BASE_LR for step in (49, 50, 74, 75)] == pytest.approx([1.0, 0.5, 0.5, 0.25])


def test_a_schedule_that_does_not_give_what_was_logged_adds_nothing():
    schedule = build_schedule(compose_lr(["lr.phases.0.steps=5"], total_steps=60), 60)
    other = build_schedule(compose_lr(["lr.phases.0.steps=25"], total_steps=60), 60)
    followed = logged(other, 10, 60)
    assert with_phase_ends(followed, schedule) == followed
    assert with_phase_ends(followed, None) == followed
    assert with_phase_ends(((), ()), schedule) == ((), ())


# --- thinning --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "keep", "indices"),
    [(0, 5, []), (1, 5, [0]), (5, 5, [0, 1, 2, 3, 4]), (6, 5, [0, 2, 4, 5]), (10, 3, [0, 4, 8, 9])],
)
def test_every_nth_and_the_last(count, keep, indices):
    assert evenly_spaced_indices(count, keep) == indices


def test_corners_of_the_learning_rate_are_kept():
    # up over 7 of 1000 lines, level, and down over the last 3
    values = [min(1.0, step / 7, (1000 - step) / 3) for step in range(1001)]
    rows = [{"step": step, "lr": value} for step, value in enumerate(values)]
    steps, kept = curves_of(rows, curve(rows, "lr"), 10).lr
    assert {0, 6, 7, 8, 996, 997, 998, 1000} <= set(steps)
    assert len(steps) < 25
    assert list(kept) == [values[step] for step in steps]


def test_thinning_changes_no_value_and_keeps_both_ends():
    rows = [{"step": step, "train_loss": 1 / (step + 1)} for step in range(1000)]
    steps, values = thinned(curve(rows, "train_loss"), 100)
    assert (steps[0], steps[-1], len(steps)) == (0, 999, 101)
    assert list(values) == [1 / (step + 1) for step in steps]


def test_a_page_of_many_runs_keeps_fewer_points_of_each():
    assert [points_for(count) for count in (1, 60, 500, 100_000)] == [1000, 1000, 120, 60]
