"""In a notebook, by a kernel of its own: what a person evaluates is drawn."""

import pytest

nbformat = pytest.importorskip("nbformat")
NotebookClient = pytest.importorskip("nbclient").NotebookClient

CELLS = [
    "from d9d_lr import AutoLRSchedulerProvider, build_schedule, compose_lr\n"
    "config = compose_lr(['lr=wsd', 'lr.phases.0.steps=200'])\nconfig",
    "schedule = build_schedule(config, 1000)\nschedule",
    "schedule.plot(base_lr=0.003)",
    "AutoLRSchedulerProvider(config)",
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_every_cell_shows_a_drawing(in_tmp):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    for cell in notebook.cells:
        (shown,) = (output for output in cell.outputs if output.output_type == "execute_result")
        drawing = shown.data.get("text/html") or shown.data.get("image/svg+xml")
        assert "<svg" in drawing, cell.source
    assert "steps 0 to 200: 0 to 1, linear" in notebook.cells[1].outputs[0].data["text/html"]
