"""Tests that a change deletes or weakens: fewer tests or cases, other asserts, new ways to leave one out or to end it.

What tests share counts as well: functions that assert for them, and the files that pytest obeys.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from release.compare.sides import Sides
from release.repository.revision import Revision

_MAX_SHOWN = 80
_FOLDERS = ("tests/", "testing/")
_LEFT_OUT = ("skip", "skipif", "xfail", "importorskip", "exit", "SkipTest", "skipTest", "__test__")
_ENDS = (ast.Return, ast.If, ast.IfExp, ast.Try, ast.Break, ast.Continue, ast.Match)
"""What lets a test end, or pass over an assert, without asking."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class _Test(NamedTuple):
    """What a test asks: its asserts and cases as text, how often it is marked to be left out, and may end early."""

    asserts: Counter[str]
    left_out: int
    ends: int


def find_weaker_tests(revisions: Sides[Revision], letters: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Find each changed file of tests that asks less than before, with what it lacks."""
    for path, letter in letters.items():
        if path.rpartition("/")[2] == "conftest.py":
            yield path, {"A": "added", "D": "deleted"}.get(letter, "changed") + ", which all tests beside it obey"
        if not path.startswith(_FOLDERS):
            continue
        if not path.endswith(".py"):
            if letter != "A":
                yield path, "what tests read is deleted" if letter == "D" else "what tests read is changed"
            continue
        yield from ((path, what) for what in _compare_files(revisions, path))


def _compare_files(revisions: Sides[Revision], path: str) -> Iterator[str]:
    before, after = revisions.map(lambda side: count_tests(side.read_text(path) or ""))
    gone = sorted(before.keys() - after.keys())
    if gone:
        yield f"{len(gone)} of {len(before)} gone: {', '.join(gone[:5])}{' and more' if gone[5:] else ''}"
    for name in sorted(before.keys() & after.keys()):
        if after[name].left_out > before[name].left_out:
            yield f"{name} may be left out now"
        if after[name].ends > before[name].ends:
            yield f"{name} may end early, or pass over an assert, now"
        if lost := before[name].asserts - after[name].asserts:
            yield f"{name} does not ask any more: {_list_some(list(lost.elements()))}"


def _list_some(asserts: list[str]) -> str:
    more = f" and {len(asserts) - 1} more" if asserts[1:] else ""
    return f"`{asserts[0][:_MAX_SHOWN]}`{more}"


def count_tests(text: str) -> dict[str, _Test]:
    """Count what every test of a file asks, and every function that asserts; {} for a text that is not Python.

    Tests of a class are called `Class.test`. What the file or the class is marked with counts for each of them.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return {}
    return dict(_count_body(tree.body, "", 0))


def _count_body(body: list[ast.stmt], prefix: str, left_out: int) -> Iterator[tuple[str, _Test]]:
    """Count the functions of a file or a class. A name that is given again, or deleted, is no test any more.

    Below an `if` or the like a function may be left out, and beside one of its name it may be either.
    """
    plain = [node for node in body if not isinstance(node, _Function | ast.ClassDef)]
    left_out += sum(map(_count_marks, plain))
    found: dict[str, _Test] = {}
    for node, depth in _list_statements(body, 0):
        if isinstance(node, ast.ClassDef):
            marks = sum(map(_count_marks, node.decorator_list))
            if not depth:
                found = _leave_out(found, prefix, node.name)
            found |= _count_body(node.body, f"{prefix}{node.name}.", left_out + marks + depth)
        elif isinstance(node, _Function):
            earlier = found.pop(f"{prefix}{node.name}", None)
            one = _count_function(node, left_out + depth)
            if earlier and depth:
                one = _Test(earlier.asserts + one.asserts, earlier.left_out + one.left_out, earlier.ends + one.ends)
            if node.name.startswith("test") or one.asserts:
                found[f"{prefix}{node.name}"] = one
        else:
            for name in _list_bound_names(node):
                found = _leave_out(found, prefix, name)
    yield from found.items()


def _leave_out(found: Mapping[str, _Test], prefix: str, name: str) -> dict[str, _Test]:
    """Leave out the function of a name, or all tests of the class."""
    return {test: one for test, one in found.items() if name not in test.removeprefix(prefix).split(".")}


def _list_statements(body: Iterable[ast.AST], depth: int) -> Iterator[tuple[ast.stmt, int]]:
    """List the statements of a body, with those below `if`, `try`, `with` and the like, and below how many of these."""
    for node in body:
        if isinstance(node, ast.stmt):
            yield node, depth
        if not isinstance(node, _Function | ast.ClassDef):
            yield from _list_statements(ast.iter_child_nodes(node), depth + isinstance(node, ast.stmt))


def _count_function(node: _Function, left_out: int) -> _Test:
    asked = [ast.unparse(part) for part in ast.walk(node) if isinstance(part, ast.Assert) or _is_assertion(part)]
    return _Test(
        Counter([*asked, *_list_cases(node)]),
        left_out + _count_marks(node),
        sum(isinstance(part, _ENDS) for part in ast.walk(node)),
    )


def _is_assertion(node: ast.AST) -> bool:
    """Tell whether a node is the call of a function that asserts, by its name."""
    if not isinstance(node, ast.Call):
        return False
    name = str(getattr(node.func, "attr", None) or getattr(node.func, "id", ""))
    return name == "raises" or name.startswith("assert")


def _list_cases(node: _Function) -> Iterator[str]:
    """List what a test is called with by its decorators: each case of a list by itself, so that more are no fewer."""
    for decorator in node.decorator_list:
        for argument in decorator.args if isinstance(decorator, ast.Call) else ():
            cases = argument.elts if isinstance(argument, ast.List | ast.Tuple | ast.Set) else [argument]
            yield from map(ast.unparse, cases)


def _list_bound_names(node: ast.stmt) -> Iterator[str]:
    """List the names that a statement gives another meaning, or takes away."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store | ast.Del):
            yield part.id


def _count_marks(node: ast.AST) -> int:
    return sum(
        getattr(part, "attr", None) in _LEFT_OUT or getattr(part, "id", None) in _LEFT_OUT for part in ast.walk(node)
    )
