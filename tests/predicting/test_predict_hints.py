"""Every hint of `python -m d9d_lr.predict`: what is typed, the hint, and what is typed instead, which runs."""

import shlex

import pytest

from d9d_lr.composing.cli import run_tool
from d9d_lr.predict import predict
from helpers.loss_curves import made, write_csv
from helpers.run_folders import write_run

PAIR = (
    "run two with one seed, one that holds and one that decays from early on: lr=wsd "
    "lr/decay@lr.phases.2=linear_to_zero, and lr=warmup_cosine lr/decay@lr.phases.1=cosine_to_zero"
)

# (what is typed, the hint, what is typed instead)
ROWS = [
    (
        "rank new.json lr=wsd",
        "python -m d9d_lr.predict fit RUN RUN -o law.json writes one",
        ["fit wsd.csv cosine.csv -o new.json", "rank new.json lr=wsd"],
    ),
    (
        "rank odd.json lr=wsd",
        "predict fit writes law files",
        ["fit wsd.csv cosine.csv -o odd.json", "rank odd.json lr=wsd"],
    ),
    (
        "rank law.json lr=wsd optimizer.lr=0.02",
        "a law holds at its own peak: fit another on runs at this one",
        ["fit high_wsd.csv high_cosine.csv -o high.json", "rank high.json lr=wsd optimizer.lr=0.02"],
    ),
    (
        "rank law.json lr=wsd train.total_steps=5000",
        "fit on longer runs",
        ["fit long_wsd.csv long_cosine.csv -o long.json", "rank long.json lr=wsd train.total_steps=5000"],
    ),
    ("fit sparse.csv cosine.csv", "log more often, as in train.log_every=1", ["fit wsd.csv cosine.csv"]),
    (
        "fit wsd.csv high_cosine.csv",
        "a law holds at one peak: name the runs of one, and fit another law for another",
        ["fit wsd.csv cosine.csv"],
    ),
    ("fit wsd.csv", PAIR, ["fit wsd.csv cosine.csv"]),
    (
        "fit linear.csv cosine.csv",
        "run one more: lr=wsd lr/decay@lr.phases.2=linear_to_zero",
        ["fit linear.csv cosine.csv wsd.csv"],
    ),
    (
        "fit constant.csv late.csv",
        "run one more: lr=warmup_cosine lr/decay@lr.phases.1=cosine_to_zero",
        ["fit constant.csv late.csv cosine.csv"],
    ),
    (
        "fit noisy_wsd.csv noisy_other_cosine.csv",
        "log every step, run longer, or give all runs one seed so that they share their noise",
        ["fit noisy_wsd.csv noisy_cosine.csv"],
    ),
    ("curve law.json lr=wsd --against folder", "name one of them", ["curve law.json lr=wsd --against folder/one"]),
    (
        "fit two_losses_wsd.csv two_losses_cosine.csv",
        "say which, as in --loss-column 'loss'",
        ["fit two_losses_wsd.csv two_losses_cosine.csv --loss-column loss"],
    ),
    ("fit two_steps.csv cosine.csv", "keep one of them", ["fit wsd.csv cosine.csv"]),
    (
        "fit other_wsd.csv other_cosine.csv",
        "name it: --lr-column HEADING",
        ["fit other_wsd.csv other_cosine.csv --lr-column rate"],
    ),
    (
        "fit only_loss.csv cosine.csv",
        "a file with one curve needs its other half: LOSS.csv+LR.csv",
        ["fit only_loss.csv+only_lr.csv cosine.csv"],
    ),
    (
        "fit no_step.csv cosine.csv",
        "the headings step,lr,loss are understood, and some others",
        ["fit wsd.csv cosine.csv"],
    ),
    (
        "fit nowhere cosine.csv",
        "a run folder, a sweep folder, FILE.csv, LOSS.csv+LR.csv, or a folder of TensorBoard's event files",
        ["fit wsd.csv cosine.csv"],
    ),
    (
        "fit csv cosine.csv",
        "it needs run folders below it, or events.out.tfevents.*; name CSV files one by one",
        ["fit csv/wsd.csv cosine.csv"],
    ),
    (
        "fit resumed.csv cosine.csv",
        "a file holds one run; keep the lines of the last attempt of a run that was resumed",
        ["fit wsd.csv cosine.csv"],
    ),
    ("fit empty.csv cosine.csv", "it needs a line of headings: step,lr,loss", ["fit wsd.csv cosine.csv"]),
]


@pytest.fixture
def files(in_tmp):
    """The files that the rows name, in an empty folder."""
    for name in ("wsd", "cosine", "linear", "constant", "late"):
        write_csv(in_tmp / f"{name}.csv", made(name, noise=0.01), every=2)
    for name in ("wsd", "cosine"):
        write_csv(in_tmp / f"high_{name}.csv", made(name, peak=0.02))
        write_csv(in_tmp / f"long_{name}.csv", made(name, total=2000), every=4)
        write_csv(in_tmp / f"noisy_{name}.csv", made(name, noise=0.5))
        write_csv(in_tmp / f"other_{name}.csv", made(name), heads="step,rate,loss")
        table = (in_tmp / f"other_{name}.csv").read_text().splitlines()[1:]
        rows = [f"{row},{row.rpartition(',')[2]}" for row in table]
        (in_tmp / f"two_losses_{name}.csv").write_text("\n".join(["step,lr,loss,train_loss", *rows]))
    write_csv(in_tmp / "noisy_other_cosine.csv", made("cosine", noise=0.5, seed=1))
    write_csv(in_tmp / "sparse.csv", made("wsd"), every=100)
    lines = (in_tmp / "wsd.csv").read_text().splitlines()
    rows = [line.split(",") for line in lines[1:]]
    (in_tmp / "only_loss.csv").write_text("\n".join(["step,loss", *(f"{s},{loss}" for s, _, loss in rows)]))
    (in_tmp / "only_lr.csv").write_text("\n".join(["step,lr", *(f"{s},{lr}" for s, lr, _ in rows)]))
    (in_tmp / "two_steps.csv").write_text("\n".join(["step,iter,lr,loss", *(f"{s},{s},1,1" for s, _, _ in rows)]))
    (in_tmp / "no_step.csv").write_text("\n".join(["time,lr,loss", *lines[1:]]))
    (in_tmp / "resumed.csv").write_text("\n".join([*lines, *lines[-9:]]))
    (in_tmp / "empty.csv").write_text("")
    (in_tmp / "odd.json").write_text("{}")
    (in_tmp / "csv").mkdir()
    (in_tmp / "csv" / "wsd.csv").write_text("\n".join(lines))
    for more, name in enumerate(("one", "two")):
        write_run(in_tmp / "folder" / name, [], log_every=1, more=0.1 * more)
    return in_tmp


@pytest.mark.parametrize(("typed", "hint", "instead"), ROWS, ids=[row[1][:40] for row in ROWS])
def test_what_a_hint_of_predict_says_to_do_runs(typed, hint, instead, files, capfd):
    if "law.json" in typed:
        predict(["fit", "wsd.csv", "cosine.csv"])
    with pytest.raises(SystemExit) as leaving:
        run_tool(predict, shlex.split(typed))
    assert leaving.value.code == 2
    assert hint in capfd.readouterr().err
    for line in instead:
        run_tool(predict, shlex.split(line))
