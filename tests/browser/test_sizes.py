"""The report of small and large sweeps, at every width, light and dark: `make test-browser SCREENSHOTS=FOLDER`."""

import os

import pytest

from d9d_lr.reporting.page import html_of
from d9d_lr.reporting.run_views import read_runs
from d9d_lr.reporting.sweep_view import view_of
from helpers.chromium import SIZES, chromium
from helpers.run_folders import write_comparison

pytestmark = pytest.mark.browser

SWEEPS = {
    "1": (["wsd"], [0.003], [10], 1, 1.0),
    "36": (["wsd", "warmup_cosine", "warmup_linear"], [0.001, 0.003, 0.01, 0.03], [10], 3, 1.0),
    "240": (["wsd", "warmup_cosine", "warmup_linear"], [0.001, 0.003, 0.01, 0.03, 0.1], [5, 10, 20, 40], 4, 1.0),
    "500": (
        ["wsd", "warmup_cosine", "warmup_linear", "warmup_constant", "warmup_hold_cosine"],
        [0.001, 0.003, 0.01, 0.03, 0.1], [5, 10, 20, 40], 5, 1.0,
    ),
    "unfinished": (["wsd", "warmup_cosine", "warmup_linear"], [0.001, 0.003, 0.01, 0.03], [10], 3, 0.6),
}  # fmt: skip


@pytest.fixture(scope="module", params=SWEEPS)
def page_file(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sizes") / request.param
    folder.mkdir()
    write_comparison(folder, *SWEEPS[request.param])
    page = folder / "report.html"
    page.write_text(html_of(view_of(read_runs([folder]), "multirun/which_schedule")), encoding="utf-8")
    return page


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_page_fits_and_complains_of_nothing(size, scheme, browser, page_file):
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page, troubles = context.new_page(), []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text))
    page.goto(page_file.as_uri())
    page.wait_for_selector("body[data-ready]")
    if folder := os.environ.get("SCREENSHOTS"):
        name = f"{folder}/{page_file.parent.name}_{size}_{scheme}"
        page.screenshot(path=f"{name}_first.png")
        page.screenshot(path=f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    overflowing = page.eval_on_selector_all(
        "figure svg text", "all => all.filter(one => { const box = one.getBoundingClientRect(), own = "
        "one.closest('figure').getBoundingClientRect(); return box.left < own.left - 1 || box.right > own.right + 1; })"
        ".map(one => one.textContent)"
    )  # fmt: skip
    context.close()
    assert (troubles, overflowing) == ([], [])
