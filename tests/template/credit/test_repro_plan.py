"""What `make repro` says before it runs anything: which stages, since when they changed, and how long they took."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from credit.plan import Plan, count_causes, format_plan, read_plan
from credit.stage_seconds import FOLDER, read_seconds, record_seconds

PIPELINE = """
stages:
  one: {cmd: cp raw one, deps: [raw], outs: [one]}
  two:
    {matrix: {name: [a, b]}, cmd: "cp one two-${item.name}", deps: [one], params: ["two.${item.name}"],
    outs: ["two-${item.name}"]}
  alone: {cmd: cp other alone, deps: [other], outs: [alone]}
"""


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small pipeline that has run."""
    folder = tmp_path_factory.mktemp("pipeline")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DVC_SITE_CACHE_DIR", str(folder / "site"))
        from dvc.repo import Repo

        subprocess.run(["git", "init", "--quiet"], check=True)
        for name, text in {
            "dvc.yaml": PIPELINE,
            "params.yaml": "two: {a: 1, b: 2}\n",
            "raw": "1",
            "other": "2",
        }.items():
            Path(name).write_text(text)
        with Repo.init() as repo:
            repo.reproduce()
        yield folder


def test_it_names_the_changed_stages_and_all_behind_them_and_why(pipeline: Path) -> None:
    assert read_plan() == Plan([], 4, {})
    Path("params.yaml").write_text("two: {a: 1, b: 3}\n")
    assert read_plan() == Plan(["two@b"], 4, {"two.b in params.yaml modified": 1})
    Path("raw").write_text("changed")
    plan = read_plan()
    assert (sorted(plan.stages), plan.total) == (["one", "two@a", "two@b"], 4)
    assert plan.causes == {"raw modified": 1, "two.b in params.yaml modified": 1}


def test_a_change_that_touches_more_stages_comes_first_and_many_are_counted() -> None:
    status = {
        f"stage{number}": [
            {"changed deps": {"credit/common": "modified", f"file{number:02}": "new"}},
            "changed command",
        ]
        for number in range(9)
    }
    causes = count_causes(status)
    assert causes["credit/common modified"] == 9
    assert causes["changed command"] == 9
    lines = format_plan(Plan(["stage1"], 20, causes), {}).splitlines()
    assert lines[1:3] == ["  changed command (9 stages)", "  credit/common modified (9 stages)"]
    assert lines[3] == "  file00 new (1 stage)"
    assert lines[-1] == "  and 3 more changes"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (
            {"a": 1.5, "b": 61, "gone": 9},
            "at most 2 of 5 stages run, about 62 s when they last ran here; changed since:",
        ),
        (
            {"a": 2},
            "at most 2 of 5 stages run, about 2 s when they last ran here, without 1 that never did; changed since:",
        ),
        ({}, "at most 2 of 5 stages run, they never ran here; changed since:"),
    ],
)
def test_the_time_is_that_of_the_last_run_of_each_stage(seconds: dict[str, float], said: str) -> None:
    assert format_plan(Plan(["a", "b"], 5, {"x modified": 1}), seconds) == f"plan: {said}\n  x modified (1 stage)"


def test_nothing_to_run_is_said() -> None:
    assert format_plan(Plan([], 5, {}), {}) == "plan: nothing changed since the last run, so no stage runs"


def run_stage(code: int | None) -> None:
    with pytest.raises(SystemExit), record_seconds():
        sys.exit(code)


def test_a_stage_that_dvc_runs_is_timed_when_it_succeeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["train@forest", "odd/../name"]
    monkeypatch.setenv("DVC_STAGE", names[0])
    run_stage(0)
    assert not Path(".dvc").exists(), "no folder of DVC, so nothing is written"
    FOLDER.parent.mkdir(parents=True)
    run_stage(1)
    assert read_seconds(names) == {}
    for name in names:
        monkeypatch.setenv("DVC_STAGE", name)
        run_stage(None)
    assert read_seconds([*names, "never"]) == dict.fromkeys(names, 0.0)
    assert len(list(FOLDER.iterdir())) == 2
    monkeypatch.delenv("DVC_STAGE")
    run_stage(0)
    assert len(list(FOLDER.iterdir())) == 2


def test_a_damaged_record_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    FOLDER.mkdir(parents=True)
    (FOLDER / "one.txt").write_text("half a")
    assert read_seconds(["one"]) == {}
