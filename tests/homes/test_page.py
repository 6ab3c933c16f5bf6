"""The blocks of docs/embedding.md that need a framework, each where it is installed."""

import importlib.util
import re
from pathlib import Path

import pytest

pytestmark = [pytest.mark.homes, pytest.mark.filterwarnings("ignore")]
PAGE = (Path(__file__).parents[2] / "docs" / "embedding.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```python home=(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("home", BLOCKS)
def test_the_block_of_a_framework_runs(home):
    if importlib.util.find_spec(home) is None:
        pytest.skip(f"{home} is not installed here")
    exec(compile(BLOCKS[home], "embedding.md", "exec"), {"__name__": "embedding"})
