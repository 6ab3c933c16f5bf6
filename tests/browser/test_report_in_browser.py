"""The report in a real browser, from disk: `make test-browser`. Needs Chromium and the extra `browser`."""

import os
import re

import pytest

from d9d_lr import report
from helpers.chromium import SIZES, chromium
from helpers.run_folders import write_grid, write_run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """A report of twelve completed runs, a failed one with markup in its error, and an unfinished one."""
    folder = tmp_path_factory.mktemp("sweep")
    axes = {"lr.phases.0.steps": [10, 20, 40], "lr.phases.2.target_multiplier": [0.0, 0.1], "train.seed": [0, 1]}
    write_grid(folder, axes)
    write_run(folder / "12", ["lr.phases.0.steps=70"], status="failed", reach=30, error="<img src=x onerror=fail()>")
    write_run(folder / "13", ["lr.phases.0.steps=60"], status="unfinished", reach=40)
    report.report([str(folder)])
    return folder / "report.html"


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(params=[(size, scheme) for size in SIZES for scheme in ("light", "dark")], ids="-".join)
def page(request, browser, page_file):
    """The open page; it must ask for nothing and complain of nothing."""
    size, scheme = request.param
    context = browser.new_context(
        viewport=dict(zip(("width", "height"), SIZES[size], strict=True)), color_scheme=scheme
    )
    page = context.new_page()
    troubles, asked = [], []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text))
    page.on("request", lambda made: asked.append(made.url))
    page.goto(page_file.as_uri())
    page.wait_for_selector("body[data-ready]")
    yield page
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/report_{size}_{scheme}.png", full_page=True)
    context.close()
    assert troubles == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_nothing_is_wider_than_the_window(page):
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for box in page.eval_on_selector_all("figure", "all => all.map(one => one.getBoundingClientRect().toJSON())"):
        assert box["left"] >= 0
        assert box["right"] <= page.viewport_size["width"]
        assert box["height"] > 100


def test_every_setting_is_drawn(page):
    # six settings of two seeds, one that failed and one that is not finished
    assert page.locator("#schedules path.line").count() == 8
    assert page.locator("#losses path.line").count() == 16
    assert page.locator("#losses path.band").count() == 6
    assert page.locator("#objective circle").count() == 3  # for each warmup the better of two targets
    assert page.locator("figure[data-map] rect").count() == 6
    assert page.locator("#settings tbody tr").count() == 8
    assert page.locator("#runs tbody tr").count() == 14


def test_text_stands_out_from_the_paper(page):
    def light(color):
        return sum(map(int, color[4:-1].split(",")[:3])) / 3

    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert abs(light(ink) - light(paper)) > 150


def test_a_row_lights_its_setting_everywhere_and_a_click_keeps_it(page):
    row = page.locator("#settings tbody tr").nth(1)
    row.scroll_into_view_if_needed()
    row.click()
    page.mouse.move(1, 1)
    assert page.evaluate("document.body.classList.contains('dimmed')")
    assert page.locator("#schedules .over path").count() == 1
    assert page.locator("#losses .over path").count() == 3  # the validation, its band, the training
    assert page.locator("#runs tr.on").count() == 2
    assert page.locator("#said").inner_text().startswith("lr.phases.0.steps=")
    page.keyboard.press("Escape")
    assert not page.evaluate("document.body.classList.contains('dimmed')")


def test_the_legend_hides_a_group_everywhere(page):
    group = page.locator("#legend button", has_text="10").first
    shown = page.locator("#settings tbody tr:visible").count()
    group.click()
    assert group.get_attribute("aria-pressed") == "false"
    assert page.locator("#settings tbody tr:visible").count() == shown - 2
    assert page.locator("#schedules path.line").count() == 6
    group.press("Enter")  # by the keyboard, for it keeps the focus
    assert page.locator("#settings tbody tr:visible").count() == shown


def test_the_filter_and_the_colour_are_chosen(page):
    page.locator("#filter").fill("multiplier=0.1")
    assert page.locator("#settings tbody tr:visible").count() == 3
    page.locator("#filter").fill("")
    page.locator("#color").select_option("lr.phases.2.target_multiplier")
    assert [text for text in page.locator("#legend button").all_inner_texts() if text != "-"] == ["0.0", "0.1"]


def test_another_metric_is_drawn(page):
    before = page.locator("#objective circle").first.get_attribute("cy")
    page.locator("#metric").select_option("lowest val_loss")
    assert "lowest val_loss" in page.locator("#objective figcaption").inner_text()
    assert page.locator("#objective circle").first.get_attribute("cy") == before  # here the last is the lowest


def test_the_keyboard_walks_the_rows(page):
    page.locator("#settings tbody tr").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("#settings tr.on").get_attribute("data-place") == "1"


def test_a_line_tells_its_value(page):
    chart = page.locator("#schedules svg")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 20)  # on the hold, at the base learning rate
    assert "learning rate 0.003 at step" in page.locator("#said").inner_text()


def test_columns_sort_both_ways_with_gaps_last(page):
    head = page.locator("#settings th button", has_text="val_loss").first
    for first_is_best in (False, True):
        head.click()
        cells = page.locator("#settings tbody tr td:nth-child(2)").all_inner_texts()
        numbers = [float(cell.split()[0]) for cell in cells if cell]
        assert numbers == sorted(numbers, reverse=first_is_best)
        assert cells[-2:] == ["", ""]


def test_the_log_scale_draws_again(page):
    before = page.locator("#losses path.line").first.get_attribute("d")
    page.locator("#log").check()
    assert page.locator("#losses path.line").first.get_attribute("d") != before


def test_the_command_is_copied(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".copy").click()
    page.get_by_text(re.compile("^(copied|selected)$")).wait_for()  # the clipboard answers a little later


def test_failures_are_folded_and_markup_in_them_is_text(page):
    assert not page.locator(".error").is_visible()
    page.locator("details.bad summary").click()
    assert "<img src=x onerror=fail()>" in page.locator(".error").inner_text()
    assert page.locator("img").count() == 0
