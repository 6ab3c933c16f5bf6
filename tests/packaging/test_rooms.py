"""Imports between the rooms of the package go down only, in the order of this table."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

# The bottom first. A module may import what stands in its own row or in one above it here; never what comes after.
ORDER = [
    "diagnostics",
    "schedule",
    "config",
    "composing",
    "provider",
    "integrations",
    "runs",
    "comparing",
    "laws",
    "settings",  # the modules of that name in sweeping, tracking and training: what may be configured
    "sweeping",
    "tracking",
    "training",
    "plotting",
    "exporting",
    "checking",
    "reporting",
    "predicting",
    "entrypoints",  # d9d_lr/*.py
    "hydra_plugins",
]
PACKAGES = ("d9d_lr", "hydra_plugins")


def modules(repo):
    return {
        ".".join(path.relative_to(repo).with_suffix("").parts).removesuffix(".__init__"): path
        for package in PACKAGES
        for path in (repo / package).rglob("*.py")
    }


def imports(path, types=False):
    """Every module that a file imports, anywhere in it; what only a type checker sees, if it is asked for."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if not types and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def room(module):
    parts = module.split(".")
    if parts[0] == "hydra_plugins":
        return "hydra_plugins"
    if parts[-1] == "settings":
        return "settings"
    return parts[1] if len(parts) > 2 or (Path(*parts).is_dir() and len(parts) > 1) else "entrypoints"


@pytest.fixture(autouse=True)
def _in_the_checkout(repo, monkeypatch):
    monkeypatch.chdir(repo)


def test_every_room_has_a_place_in_the_order(repo):
    assert {room(module) for module in modules(repo)} <= set(ORDER)


def test_imports_go_down_only(repo):
    known = modules(repo)
    upward = [
        f"{module} imports {imported}"
        for module, path in known.items()
        if module != "d9d_lr"  # the public names, which are imported when they are first used
        for imported in imports(path)
        if imported in known and ORDER.index(room(imported)) > ORDER.index(room(module))
    ]
    assert upward == []


def test_no_imports_go_in_a_circle(repo):
    """Inside a room too, and inside functions, and for types alone."""
    known = modules(repo)
    needs = {
        module: {imported for imported in imports(path, types=True) if imported in known and imported != module}
        for module, path in known.items()
        if module != "d9d_lr"  # the public names, as above
    }
    TopologicalSorter(needs).prepare()  # raises CycleError, with the circle


def test_nothing_imports_an_entrypoint(repo):
    known = modules(repo)
    entrypoints = {module for module in known if room(module) == "entrypoints" and module != "d9d_lr"}
    assert [
        f"{module} imports {imported}"
        for module, path in known.items()
        if module != "d9d_lr.completing"  # the console scripts: it answers a shell, or opens one of the others
        for imported in imports(path)
        if imported in entrypoints
    ] == []


def test_diagnostics_imports_no_other_room(repo):
    found = {
        imported
        for module, path in modules(repo).items()
        if room(module) == "diagnostics"
        for imported in imports(path)
        if imported.startswith(PACKAGES) and not imported.startswith("d9d_lr.diagnostics")
    }
    assert found == set()


def test_one_module_knows_what_is_private_in_hydra(repo):
    """Private names and modules of Hydra and OmegaConf stand in one module."""
    private = {
        module
        for module, path in modules(repo).items()
        for imported in imports(path)
        if imported.startswith(("hydra.", "omegaconf.")) and "._" in imported
    }
    assert private <= {"d9d_lr.composing.hydra_internals"}


@pytest.mark.parametrize(
    "words", ["Could not override", "Could not find '", "appears more than once in the", "Cannot merge"]
)
def test_one_module_knows_hydras_english(repo, words):
    assert [module for module, path in modules(repo).items() if words in path.read_text(encoding="utf-8")] == [
        "d9d_lr.composing.hydra_english"
    ]
