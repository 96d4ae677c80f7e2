"""Tests that a change deletes or weakens: fewer tests, other asserts in one, new ways to leave it out or to end it."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from release.compare.sides import Sides
from release.repository.revision import Revision

_MAX_SHOWN = 80
_LEFT_OUT = ("skip", "skipif", "xfail", "importorskip")


class _Test(NamedTuple):
    """What a test asks: its asserts as text, and how often it is marked to be left out, or returns."""

    asserts: Counter[str]
    left_out: int
    ends: int


def find_weaker_tests(revisions: Sides[Revision], letters: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Find each changed file of tests that asks less than before, with what it lacks."""
    for path in letters:
        if not path.startswith(("tests/", "testing/")) or not path.endswith(".py"):
            continue
        before, after = revisions.map(lambda side, path=path: count_tests(side.read_text(path) or ""))  # type: ignore[misc]
        gone = sorted(before.keys() - after.keys())
        if gone:
            yield path, f"{len(gone)} of {len(before)} gone: {', '.join(gone[:5])}{' and more' if gone[5:] else ''}"
        for name in sorted(before.keys() & after.keys()):
            if after[name].left_out > before[name].left_out:
                yield path, f"{name} may be left out now"
            if after[name].ends > before[name].ends:
                yield path, f"{name} may end early now"
            if lost := before[name].asserts - after[name].asserts:
                yield path, f"{name} does not ask any more: {_list_some(list(lost.elements()))}"


def _list_some(asserts: list[str]) -> str:
    more = f" and {len(asserts) - 1} more" if asserts[1:] else ""
    return f"`{asserts[0][:_MAX_SHOWN]}`{more}"


def count_tests(text: str) -> dict[str, _Test]:
    """Count the asserts and the marks of every function of a file; {} for a text that is not Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return {}
    of_file = sum(_count_marks(node) for node in tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef))
    return {
        node.name: _Test(
            Counter(ast.unparse(part) for part in ast.walk(node) if isinstance(part, ast.Assert) or _is_raises(part)),
            of_file + _count_marks(node),
            sum(isinstance(part, ast.Return) for part in ast.walk(node)),
        )
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def _is_raises(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "raises"


def _count_marks(node: ast.AST) -> int:
    return sum(isinstance(part, ast.Attribute) and part.attr in _LEFT_OUT for part in ast.walk(node))
