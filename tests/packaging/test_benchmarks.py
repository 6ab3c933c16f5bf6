"""Every row of `make bench` can be built: what it composes is there, and the table has a place for it."""

import importlib
import re
from dataclasses import replace

import pytest


@pytest.fixture(scope="module")
def benchmarks(repo):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(repo))
        yield importlib.import_module("benchmarks.__main__")


def test_every_module_with_rows_is_measured(repo, benchmarks):
    with_rows = {path.stem for path in (repo / "benchmarks").glob("*.py") if "\ndef rows(" in path.read_text("utf-8")}
    assert with_rows == {*benchmarks.MODULES, "scaling"}


@pytest.mark.parametrize("name", ["stepping", "reading", "training", "starting", "sweeping"])
def test_the_rows_of_a_module_can_be_built(benchmarks, name):
    assert name in benchmarks.MODULES
    rows = list(importlib.import_module(f"benchmarks.{name}").rows())
    assert rows
    assert all(row.work and row.peer and row.rounds > 1 for row in rows)


@pytest.mark.parametrize("at", range(3))
def test_what_grows_can_be_measured(benchmarks, at):
    scales = list(benchmarks.scaling.rows())
    assert [len(scale.sizes) for scale in scales] == [3, 3, 3]
    line = benchmarks.scaling.line(replace(scales[at], sizes=(2,)))
    assert re.fullmatch(rf"\| {scales[at].work} \| 2 \| [\d.]+ m?s \| [\d.]+ m?s \| \d+ MiB \|", line)
