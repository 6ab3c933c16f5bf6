"""Every hint that the program can give is expected by some test, which says what comes of doing as it says."""

import ast

NAMES = ("hint", "_hint", "_MERGES", "_PLAIN_LIST", "_OVER", "HINT", "FOREIGN_HINT", "_PAIR")
POSITION = {"Problem": 2, "Suggestion": 0, "Advice": 3}
ELSEWHERE = "integrations"
"""The one room whose hints are followed in environments of their own, by `make test-homes`."""

SHORT = 12
"""Shorter pieces, between two values of an f-string, are not looked for."""


def hints_in(tree):
    """The expressions that give a hint, wherever they stand in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in POSITION:
            yield from node.args[POSITION[node.func.id] :][:1]
            yield from (keyword.value for keyword in node.keywords if keyword.arg == "hint")
        elif isinstance(node, ast.Assign) and any(
            getattr(target, "id", getattr(target, "attr", "")) in NAMES for target in node.targets
        ):
            yield node.value
        elif isinstance(node, ast.FunctionDef) and "hint" in node.name:
            yield from (inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return) and inner.value)


def pieces(expression):
    """The texts that stand in an expression."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value.strip()) >= SHORT:
            yield node.value.strip()


def expected(folder):
    """Every text in the tests, as it is and as a pattern for `match` would have it."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
                yield node.value.replace("\\", "").replace("lr.", "")  # a key is put in front of what has none
                yield node.value.replace("\\", "")


def test_every_hint_is_expected_by_a_test(repo):
    tests = "\n".join(expected(repo / "tests"))
    missing = {
        f"{path.relative_to(repo)}: {piece}"
        for path in (repo / "d9d_lr").rglob("*.py")
        if path.parent.name != ELSEWHERE
        for hint in hints_in(ast.parse(path.read_text(encoding="utf-8")))
        for piece in pieces(hint)
        if piece not in tests
    }
    assert sorted(missing) == []
