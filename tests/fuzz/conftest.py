"""Counts what the properties were tried on, over all workers, and says so at the end."""

from collections import Counter

import pytest

TRIED = Counter()


@pytest.fixture(scope="session")
def tried():
    """What was tried, by kind and by how it ended."""
    return TRIED


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tried"] = dict(TRIED)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    TRIED.update(getattr(node, "workeroutput", {}).get("tried", {}))


def pytest_terminal_summary(terminalreporter):
    for kind, count in sorted(TRIED.items()):
        terminalreporter.write_line(f"{count:>9,}  {kind}")
