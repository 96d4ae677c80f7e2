"""Imports between the project's files, read from the source without running it."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = (
    "bench",
    "contract_draft",
    "credit",
    "monitoring",
    "release",
    "scaffold",
    "scenario",
    "service",
    "stages",
    "testing",
    "watch",
)


def list_source_files() -> list[Path]:
    """List every Python file of the project but its tests."""
    return sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))


@cache
def find_imports(file: Path) -> frozenset[Path]:
    """Find the project's files that a file imports, wherever in it the import is, with the packages that these run."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        for name in _list_names(node):
            if name.split(".")[0] in PACKAGES:
                found |= set(_list_files(name))
    return frozenset(found - {file})


def list_libraries(file: Path) -> set[str]:
    """List the modules of others that a file imports when it is imported itself."""
    nodes = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {
        name
        for node in nodes
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or "__future__"]
        )
    }
    return {name for name in names if name.split(".")[0] not in PACKAGES}


@cache
def find_loaded(file: Path) -> frozenset[Path]:
    """Find the files that a file imports by a name that it computes: `import_module(f"credit.candidates.{name}")`."""
    prefixes = re.findall(r'import_module\(f"([\w.]+)\.\{', file.read_text())
    folders = [ROOT / prefix.replace(".", "/") for prefix in prefixes]
    return frozenset(found for folder in folders for found in folder.glob("[!_]*.py"))


def find_closure(*files: Path) -> set[Path]:
    """Find every file of the project that some files import or load, through any number of others, with these."""
    seen: set[Path] = set()
    todo = set(files)
    while todo:
        current = todo.pop()
        seen.add(current)
        todo |= (find_imports(current) | find_loaded(current)) - seen
    return seen


def name_folder(file: Path) -> str:
    """Name the folder of a file, such as `credit/fairness`; two levels at most."""
    return "/".join(file.relative_to(ROOT).parent.parts[:2])


def _list_names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def _list_files(module: str) -> Iterator[Path]:
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        path = ROOT.joinpath(*parts[:depth])
        yield from (file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file())


def list_dependencies() -> list[str]:
    """List the packages that pyproject.toml asks for, in lower case; one group may include another."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [line for group in project["dependency-groups"].values() for line in group if isinstance(line, str)]
    return [re.split(r"[^A-Za-z0-9-]", line)[0].lower() for line in [*project["project"]["dependencies"], *groups]]
