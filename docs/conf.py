"""Sphinx's configuration; `make docs` builds docs/ into docs/_build, and fails at any warning."""

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import groups_page

from d9d_lr import __version__

project, author, release = "d9d-lr", "the d9d-lr authors", __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme, html_title = "furo", f"d9d-lr {__version__}"
html_show_copyright = False
exclude_patterns = ["_build"]
autodoc_typehints, autodoc_member_order = "description", "bysource"
autodoc_default_options = {"members": True, "show-inheritance": False}
# Names in annotations that belong to libraries whose pages are not here.
nitpicky = False
suppress_warnings = ["sphinx_autodoc_typehints", "ref.python", "docutils"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

_OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./([^)]+)\)")
_BESIDE = re.compile(r"\[([^\]]+)\]\(([\w.]+\.yaml)\)")
_LISTED = {"index", "tutorial", "choosing", "sweeps", "curves", "presets"}


def _prepare(app, page, source):  # noqa: ANN001, ANN202
    """Links to files of the repository become their names: the site holds the documents only."""
    text = source[0]
    if page == "sweeps":
        text = (HERE.parent / "sweeps" / "README.md").read_text(encoding="utf-8").replace("](../docs/", "](")
    if page == "index":
        pages = sorted(file.stem for file in HERE.glob("*.md") if file.stem not in _LISTED)
        text = text.replace("EVERY_OTHER_PAGE", "\n".join(pages))
    if "/" in page:
        return
    text = text.replace("](../sweeps/README.md", "](sweeps.md")
    source[0] = _BESIDE.sub(r"\1 (`\2`)", _OUTSIDE.sub(r"\1 (`\2`)", text))


def setup(app):  # noqa: ANN001, ANN201
    """Writes the page of the config groups, with a picture of each schedule, before the pages are read."""
    app.connect("source-read", _prepare)
    app.connect("builder-inited", lambda app: groups_page.write(Path(app.srcdir) / "reference"))
