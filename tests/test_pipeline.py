"""dvc.yaml says what is true: every import is a dependency, every stage is a file, every knob has a reader."""

import ast
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
PARAMS = yaml.safe_load((ROOT / "params.yaml").read_text())
PACKAGES = {"credit", "scenario", "stages"}


def imported(file: Path) -> set[Path]:
    """The project's files that a file imports, wherever in it the import stands."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            if name.split(".")[0] in PACKAGES:
                path = ROOT / Path(*name.split("."))
                found |= {p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()}
    return found


def closure(file: Path) -> set[Path]:
    """Every file of the project that a file imports, through any number of others."""
    seen: set[Path] = set()
    todo = {file}
    while todo:
        seen |= (current := todo.pop()) and {current}
        todo |= imported(current) - seen
    return seen


def is_covered(file: Path, deps: list[str]) -> bool:
    relative = file.relative_to(ROOT)
    return any(str(path) in deps for path in [relative, *relative.parents])


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_every_module_that_it_imports(stage: str) -> None:
    missing = {
        str(file.relative_to(ROOT))
        for file in closure(ROOT / "stages" / f"{stage}.py")
        if not is_covered(file, STAGES[stage]["deps"]) and file.name != "__init__.py"
    }
    assert not missing


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_no_module_that_it_does_not_import(stage: str) -> None:
    used = {str(file.relative_to(ROOT)) for file in closure(ROOT / "stages" / f"{stage}.py")}
    listed = {dep for dep in STAGES[stage]["deps"] if dep.endswith(".py")}
    assert not listed - used


def test_stages_are_the_files_of_the_folder() -> None:
    assert set(STAGES) == {file.stem for file in (ROOT / "stages").glob("*.py")} - {"__init__"}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_says_what_it_does(stage: str) -> None:
    assert len(STAGES[stage]["desc"]) > 20
    assert ast.get_docstring(ast.parse((ROOT / "stages" / f"{stage}.py").read_text()))


def test_every_block_of_params_belongs_to_a_stage() -> None:
    assert set(PARAMS) - {"data"} <= set(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_all_of_its_block(stage: str) -> None:
    """A knob that DVC does not watch would change nothing until something else did."""
    text = str(STAGES[stage].get("params", []))
    matrix = STAGES[stage].get("matrix", {})
    for key in PARAMS.get(stage, {}):
        siblings = next((values for values in matrix.values() if key in values), None)
        assert f"'{stage}'" in text or f"{stage}.{key}" in text or (siblings and f"{stage}.${{item." in text)


def test_stages_and_packages_depend_one_way() -> None:
    for file in (ROOT / "credit").glob("*.py"):
        outside = {path for path in imported(file) if path.parent.name in {"stages", "scenario"}}
        assert not outside, file
    for file in (ROOT / "stages").glob("*.py"):
        others = {path.name for path in imported(file) if path.parent.name == "stages"}
        assert others <= {"__init__.py"}, file


def test_what_git_keeps_is_not_deleted_when_a_stage_fails() -> None:
    """DVC removes outputs before a run, and cannot bring back what its cache does not hold, unless they persist."""
    for stage in STAGES.values():
        for out in [*stage.get("outs", []), *stage.get("metrics", [])]:
            for path, options in out.items() if isinstance(out, dict) else []:
                assert options == {"cache": False, "persist": True}, path
