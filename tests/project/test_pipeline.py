"""dvc.yaml says what is true: every import is a dependency, every stage is a file, every parameter has a reader."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from credit.common.candidate_definition import list_definitions
from testing.imports import ROOT, find_closure, list_source_files, name_folder

STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
PARAMS = yaml.safe_load((ROOT / "params.yaml").read_text())


def is_covered(file: Path, deps: list[str]) -> bool:
    """Whether a dependency is the file or a folder above it; `${item.candidate}.py` is the file of any candidate."""
    relative = file.relative_to(ROOT)
    patterns = [re.sub(r"\$\{.*?\}", "*", dep) for dep in deps]
    return any(fnmatch(str(path), pattern) for path in [relative, *relative.parents] for pattern in patterns)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_every_file_that_it_imports(stage: str) -> None:
    missing = {
        str(file.relative_to(ROOT))
        for file in find_closure(ROOT / "stages" / f"{stage}.py")
        if not is_covered(file, STAGES[stage]["deps"]) and file.parent not in {ROOT / "credit", ROOT / "stages"}
    }
    assert not missing


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_no_code_that_it_does_not_import(stage: str) -> None:
    files = find_closure(ROOT / "stages" / f"{stage}.py")
    used = {str(file.relative_to(ROOT)) for file in files} | {name_folder(file) for file in files}
    code = {dep for dep in STAGES[stage]["deps"] if dep.split("/")[0] in {"credit", "stages", "scenario"}}
    assert {dep for dep in code if not any(fnmatch(name, re.sub(r"\$\{.*?\}", "*", dep)) for name in used)} == set()
    most = 12 if stage != "check_contract" else len(list_folders())  # that one has the parameters of all of them
    assert len(code - {f"stages/{stage}.py"}) <= most


def list_folders() -> set[str]:
    """The folders of code that any other stage lists."""
    deps = {dep for name, stage in STAGES.items() if name != "check_contract" for dep in stage["deps"]}
    return {dep for dep in deps if dep.split("/")[0] in {"credit", "scenario"} and not dep.endswith(".py")}


def test_the_packages_of_all_stages_are_docstrings() -> None:
    """`credit` and `stages` themselves are in no deps: nothing in them can change a result."""
    for package in ("credit", "stages"):
        assert len(ast.parse((ROOT / package / "__init__.py").read_text()).body) == 1


def test_stages_are_the_files_of_the_folder() -> None:
    assert set(STAGES) == {file.stem for file in (ROOT / "stages").glob("[!_]*.py")}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_says_what_it_does(stage: str) -> None:
    assert len(STAGES[stage]["desc"]) > 20
    assert ast.get_docstring(ast.parse((ROOT / "stages" / f"{stage}.py").read_text()))


def test_every_block_of_params_belongs_to_a_stage() -> None:
    assert set(PARAMS) - {"data", "engine", "watch"} <= set(STAGES)  # what all stages read, and release watch


def test_every_block_that_a_docstring_names_is_in_params() -> None:
    for file in list_source_files():
        for block in re.findall(r"The block `([\w.]+)`", file.read_text(encoding="utf-8")):
            content: Any = PARAMS
            if is_left_out(block):
                continue
            for key in block.split("."):
                assert key in content, f"{file}: params.yaml has no block {block}"
                content = content[key]


def is_left_out(block: str) -> bool:
    """Whether a project may have its code and not the block: a stage that was removed, a candidate that does not run.

    Such as `fetch` without the data of the demo, or `watch` where nothing is watched.
    """
    first, _, name = block.partition(".")
    if first not in PARAMS:
        return first != "data" and not (ROOT / f"stages/{first}.py").exists()
    return first == "train" and name in set(list_definitions()) - set(PARAMS["train"]["candidates"])


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_all_of_its_block(stage: str) -> None:
    """A parameter that DVC does not watch would change nothing until something else did.

    A candidate that does not run has a block that nothing reads yet.
    """
    matrix = STAGES[stage].get("matrix", {})
    listed = {f"${{{name}}}": names for name, names in list_lists(PARAMS)}
    text = str([*STAGES[stage].get("params", []), *matrix.values()])
    for key in PARAMS.get(stage, {}):
        siblings = next((values for values in matrix.values() if key in listed.get(str(values), values)), None)
        named = siblings or (key in list_definitions() and key not in PARAMS["train"]["candidates"])
        assert f"'{stage}'" in text or f"{stage}.{key}" in text or (named and f"{stage}.${{item." in text)


def list_lists(content: dict[str, Any], above: str = "") -> Iterator[tuple[str, list[Any]]]:
    """The lists of params.yaml by their keys, such as `train.candidates`."""
    for key, value in content.items():
        if isinstance(value, dict):
            yield from list_lists(value, f"{above}{key}.")
        elif isinstance(value, list):
            yield f"{above}{key}", value


def test_what_git_keeps_is_not_deleted_when_a_stage_fails() -> None:
    """DVC removes outputs before a run, and cannot bring back what its cache does not hold, unless they persist."""
    for stage in STAGES.values():
        for out in [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]:
            for path, options in out.items() if isinstance(out, dict) else []:
                assert options.get("cache", True) or options.get("persist"), path


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_every_file_that_its_command_names(stage: str) -> None:
    """A folder counts as named where something below it is; `waivers` without a dependency would change nothing."""
    listed = [*STAGES[stage]["deps"], *list_outs(STAGES[stage])]
    for name in STAGES[stage]["cmd"].split()[4:]:
        if "/" in name or (ROOT / name).exists():
            assert any(path == name or path.startswith(f"{name}/") for path in listed), f"{stage}: {name}"


def list_outs(stage: dict[str, Any]) -> list[str]:
    """The paths that a stage writes."""
    outs = [*stage.get("outs", []), *stage.get("metrics", [])]
    return [path for out in outs for path in (out if isinstance(out, dict) else [out])]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_every_block_of_params_that_its_code_reads(stage: str) -> None:
    watched = [str(name).partition("${")[0].rstrip(".") for name in STAGES[stage].get("params", [])]
    for file in find_closure(ROOT / "stages" / f"{stage}.py"):
        for block in list_read_blocks(file) - {"data"}:  # the contract in force is part of the command
            alike = any(f"{block}.".startswith(f"{name}.") or name.startswith(f"{block}.") for name in watched)
            assert alike or "params.yaml" in STAGES[stage]["deps"], f"{stage}: {file} reads the block {block}"


def test_no_stage_that_computes_runs_anew_for_where_it_computes() -> None:
    """What checks all of params.yaml and what shows it run; the page leaves the block `engine` out."""
    whole = {name for name, stage in STAGES.items() if "params.yaml" in stage["deps"]}
    assert whole == {"check_contract", "report"}
    assert not [name for name, stage in STAGES.items() if "engine" in map(str, stage.get("params", []))]


@cache
def list_read_blocks(file: Path) -> frozenset[str]:
    """The blocks that a file passes to `read_params`."""
    calls = [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    given = [call.args[1] for call in calls if getattr(call.func, "id", "") == "read_params" and len(call.args) > 1]
    return frozenset(str(block.value) for block in given if isinstance(block, ast.Constant))
