"""The rules of the format: what is absent, unknown, or from a later version; and what is no file at all."""

import os
import threading

import pytest

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.atomic import set_aside, write_text_whole
from d9d_lr.runs.errors import first_lines, write_error
from d9d_lr.runs.locks import in_turn
from d9d_lr.runs.metrics import LONGEST_LINE, lines_before, read_metrics
from d9d_lr.runs.reading import FORMAT, DamagedError, read_small, read_yaml
from d9d_lr.runs.record import RecordedPoint, add_points, read_record, record_from_folders
from d9d_lr.runs.results import RunResult, read_result, write_result
from d9d_lr.sweeping.summary import read_summary

RESULT = {
    "status": "completed", "objective": 1.5, "final": {}, "best": {}, "steps": 2, "total_steps": 2, "seconds": 0.5,
    "fingerprint": "2-0123",
}  # fmt: skip


def test_a_result_says_its_format(tmp_path):
    write_result(tmp_path, RunResult(**RESULT))
    found = read_result(tmp_path)
    assert (found.format, found.model_copy(update={"format": 1})) == (FORMAT, RunResult(**RESULT))


def test_numbers_that_json_lacks_come_back(tmp_path):
    write_result(tmp_path, RunResult(**RESULT | {"final": {"val_accuracy": float("-inf")}, "objective": float("nan")}))
    found = read_result(tmp_path)
    assert found.final == {"val_accuracy": float("-inf")}
    assert found.objective != found.objective


@pytest.mark.parametrize("content", ['{"format": 3, "points": []}', '{"points": [], "later": {"a": 1}}'])
def test_a_later_format_is_refused_and_an_unknown_field_is_not(content, tmp_path):
    (tmp_path / "sweep.json").write_text(content)
    if "later" in content:
        assert read_record(tmp_path).points == ()
        return
    with pytest.raises(RunError, match=r"sweep\.json has format 3, and this version of d9d_lr reads up to format 2"):
        read_record(tmp_path)
    with pytest.raises(RunError, match="has format 3"):
        add_points(tmp_path, [RecordedPoint(folder="a")])
    assert (tmp_path / "sweep.json").read_text() == content


def test_what_is_set_aside_overwrites_nothing(tmp_path):
    for content in "abc":
        (tmp_path / "result.json").write_text(content)
        set_aside(tmp_path / "result.json")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "result.json.set-aside": "a", "result.json.set-aside-2": "b", "result.json.set-aside-3": "c",
    }  # fmt: skip


def test_text_that_utf8_cannot_write_is_written_out(tmp_path):
    write_text_whole(tmp_path / "text", "a\udcffb\n")
    assert (tmp_path / "text").read_text() == "a\\udcffb\n"


# --- what is no file ------------------------------------------------------------------------------------------------


@pytest.fixture
def no_file(tmp_path):
    """Puts something else where a file is expected."""

    def make(kind, name):
        path = tmp_path / name
        match kind:
            case "folder":
                path.mkdir()
            case "named pipe":
                os.mkfifo(path)
            case "device":
                path.symlink_to("/dev/zero")
        return path

    return make


def within_seconds(action, seconds=10):
    """Does something that must not wait for ever."""
    raised = []

    def act():
        try:
            action()
        except Exception as error:
            raised.append(error)

    acting = threading.Thread(target=act, daemon=True)
    acting.start()
    acting.join(seconds)
    assert not acting.is_alive(), "it waits for ever"
    assert len(raised) == 1
    return raised[0]


@pytest.mark.parametrize("kind", ["folder", "named pipe", "device"])
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("result.json", read_result),
        ("sweep.json", read_record),
        ("metrics.jsonl", lambda folder: list(read_metrics(folder))),
        ("metrics.jsonl", lambda folder: lines_before(3, folder)),
        ("error-rank-1.txt", lambda folder: read_small(folder / "error-rank-1.txt")),
    ],
)
def test_only_files_are_read(kind, name, read, no_file, tmp_path):
    path = no_file(kind, name)
    error = within_seconds(lambda: read(tmp_path))
    assert isinstance(error, DamagedError)
    assert str(error) == f"{path} is a {kind}, not a file"


def test_nobody_waits_for_his_turn_at_a_pipe(no_file, tmp_path):
    def take_turn():
        with in_turn(no_file("named pipe", ".mlflow")) as file:
            file.read()

    assert str(within_seconds(take_turn)) == f"{tmp_path}/.mlflow is a named pipe, not a file"


def test_what_another_process_left_is_no_obstacle(no_file, tmp_path):
    no_file("named pipe", "error-rank-1.txt")
    write_error(tmp_path, ValueError("broke"), rank=2)
    assert first_lines(tmp_path) == {2: "ValueError: broke"}


def test_a_file_behind_a_link_is_read(tmp_path):
    (tmp_path / "there").write_text("text")
    (tmp_path / "link").symlink_to("there")
    assert read_small(tmp_path / "link") == b"text"


def test_a_file_has_a_size(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 101)
    assert len(read_small(tmp_path / "file", 101)) == 101
    with pytest.raises(DamagedError, match="file is too large to be read: it has more than 100 bytes"):
        read_small(tmp_path / "file", 100)


def test_a_line_without_end_is_reported(tmp_path):
    with (tmp_path / "metrics.jsonl").open("wb") as file:
        file.write(b'{"step": 0}\n')
        file.truncate(100 * LONGEST_LINE)  # zeros, which take no room on the disk
    with pytest.raises(DamagedError, match=r"metrics\.jsonl is damaged: line 2 is .* and so on") as told:
        list(read_metrics(tmp_path))
    assert len(str(told.value)) < 2000
    assert lines_before(5, tmp_path) == ['{"step": 0}\n']


def test_nested_lines_are_damage(tmp_path):
    (tmp_path / "metrics.jsonl").write_text("[" * 200_000 + "\n")
    with pytest.raises(DamagedError, match="line 1 is"):
        list(read_metrics(tmp_path))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &a [1]\nb: [*a, *a]\n", "it holds an alias, which Hydra never writes"),
        ("[" * 5000, ""),
        ("a: [1\n", "did not find expected"),
        ("a: \udcff", "invalid"),
    ],
)
def test_yaml_that_hydra_did_not_write_is_refused(text, reason, tmp_path):
    (tmp_path / "hydra.yaml").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(DamagedError, match=rf"hydra\.yaml cannot be read: .*{reason}"):
        read_yaml(tmp_path / "hydra.yaml")


def test_a_bomb_of_aliases_is_not_unfolded(tmp_path):
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    (tmp_path / "hydra.yaml").write_text(text)
    assert isinstance(within_seconds(lambda: read_yaml(tmp_path / "hydra.yaml")), DamagedError)


# --- writing --------------------------------------------------------------------------------------------------------


def test_nothing_is_written_through_a_link(tmp_path):
    (tmp_path / "precious").write_text("keep me")
    for name in ("result.json", "turn"):
        (tmp_path / name).symlink_to("precious")
    write_result(tmp_path, RunResult(**RESULT))
    with pytest.raises(OSError, match="symbolic links"), in_turn(tmp_path / "turn"):
        pass
    assert (tmp_path / "precious").read_text() == "keep me"
    assert not (tmp_path / "result.json").is_symlink()


# --- reading what others left ---------------------------------------------------------------------------------------


def test_one_damaged_file_of_hydra_spoils_its_own_point_only(tmp_path, caplog):
    for name in "ab":
        (tmp_path / name / ".hydra").mkdir(parents=True)
        (tmp_path / name / ".hydra" / "overrides.yaml").write_text(f"[train.seed={ord(name)}]")
    (tmp_path / "b" / ".hydra" / "hydra.yaml").write_text("a: &a [*a]")
    (tmp_path / "b" / ".hydra" / "overrides.yaml").write_text("[")
    points = record_from_folders(tmp_path).points
    assert [(point.folder, point.changed) for point in points] == [
        ("a", {"train.seed": "97"}),
        ("b", {"train.seed": ""}),
    ]
    assert [point.command for point in points] == ["python -m d9d_lr.train train.seed=97", ""]
    assert "overrides.yaml cannot be read" in caplog.text


def test_a_damaged_record_is_no_obstacle_to_summing_up(tmp_path, caplog):
    (tmp_path / "a" / ".hydra").mkdir(parents=True)
    (tmp_path / "a" / ".hydra" / "overrides.yaml").write_text("[train.seed=1]")
    (tmp_path / "sweep.json").write_text("")
    assert [row.status for row in read_summary(tmp_path).rows] == ["unfinished"]
    assert "sweep.json is damaged" in caplog.text
    assert (tmp_path / "sweep.json").read_text() == ""
