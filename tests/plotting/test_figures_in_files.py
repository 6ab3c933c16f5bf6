"""A picture is written whole or not at all, and never through a link."""

import pytest

from d9d_lr.plotting.figure import ENDINGS, new_figure, save


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_picture_takes_the_place_of_a_link_and_leaves_what_it_led_to(ending, tmp_path):
    (tmp_path / "precious").write_text("keep me")
    picture = tmp_path / f"picture{ending}"
    picture.symlink_to("precious")
    save(new_figure(1.0, 1.0), picture)
    assert (tmp_path / "precious").read_text() == "keep me"
    assert not picture.is_symlink()
    assert picture.stat().st_size > 100
    assert sorted(path.name for path in tmp_path.iterdir()) == [picture.name, "precious"]
