"""Every stage is a new process and pays for what it imports: large packages only where they are used."""

import gc
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from joblib import delayed

from bench.project import read_commands
from credit.engine.local import run_in_processes
from testing.lenders.frozen import LENDER, ROOT
from testing.lenders.loans import CONTRACT, make_loans
from testing.projects import Project

LARGE = {"great_expectations", "numpy", "onnxruntime", "pandas", "pyarrow", "scipy", "sklearn"}
STAGES = sorted(path.stem for path in (ROOT / "stages").glob("*.py") if path.stem != "__init__")


def loaded(code: str, folder: Path = ROOT) -> set[str]:
    """The large packages that a new process has imported after running `code`, with the modules it came from."""
    told = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", told], cwd=folder, capture_output=True, text=True, check=True)
    return LARGE & set(done.stderr.split())


@cache
def loaded_with(stage: str) -> set[str]:
    """The large packages of a new process that imports a stage, for all tests that ask about it."""
    return loaded(f"import stages.{stage}")


@pytest.mark.parametrize("stage", ["ingest", "split"])
def test_stages_that_leave_the_work_to_duckdb_import_nothing_else_large(stage: str) -> None:
    assert not loaded_with(stage)


def test_fetch_imports_nothing_large() -> None:
    assert not loaded_with("fetch")


@pytest.mark.parametrize("stage", ["summarize", "report"])
def test_stages_that_only_read_reports_import_nothing_large(stage: str) -> None:
    assert not loaded_with(stage)


@pytest.mark.parametrize("stage", sorted(set(STAGES) - {"package"}))
def test_no_stage_but_package_imports_scikit_learn_before_it_is_needed(stage: str) -> None:
    assert not loaded_with(stage) & {"sklearn", "scipy", "great_expectations"}


@pytest.mark.parametrize("stage", STAGES)
def test_great_expectations_is_imported_by_no_stage_before_it_is_needed(stage: str) -> None:
    assert "great_expectations" not in loaded_with(stage)


def run(stage: str, *arguments: str) -> str:
    return f"from stages.{stage} import run; run.main({list(arguments)!r}, standalone_mode=False)"


def test_stages_that_need_no_scikit_learn_run_without_it(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(CONTRACT)
    (tmp_path / "params.yaml").write_text((LENDER / "params.yaml").read_text())
    make_loans(600).to_csv(tmp_path / "mine", index=False)
    ran = {
        "fetch": loaded(run("fetch", "loanapp", "raw", "provenance.json"), tmp_path),
        "ingest": loaded(run("ingest", "mine.yaml", "mine", "typed.parquet"), tmp_path),
        "validate": loaded(
            run("validate", "mine.yaml", "typed.parquet", "accepted.parquet", "aside.parquet", "report.json"), tmp_path
        ),
        "split": loaded(run("split", "mine.yaml", "accepted.parquet", "train.parquet", "test.parquet"), tmp_path),
    }
    assert ran["fetch"] == ran["ingest"] == ran["split"] == set()
    assert "great_expectations" in ran["validate"]
    assert "sklearn" not in ran["validate"]


def test_no_stage_that_trains_nothing_loads_scikit_learn(finished: Project) -> None:
    commands = read_commands(finished.folder)
    names = ("select_in_folds", "fairness", "choose", "summarize", "stability", "report")
    ran = {name: loaded(run(name.partition("@")[0], *commands[name][4:]), finished.folder) for name in names}
    assert not any("sklearn" in libraries for libraries in ran.values())
    assert ran["summarize"] == ran["report"] == set()


@pytest.mark.usefixtures("all_cores")
def test_a_stage_and_its_workers_collect_garbage_rarely() -> None:
    told = "import gc; from credit.common.garbage import collect_rarely; collect_rarely(); print(gc.get_threshold()[0])"
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)
    assert next(run_in_processes([delayed(gc.get_threshold)()], "test"))[0] == int(done.stdout) > 10 * 700
