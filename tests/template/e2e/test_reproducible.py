"""The same inputs give the same bytes."""

from testing.projects import Project
from testing.warm.commands import ONE_CORE


def test_a_forced_run_on_all_cores_elsewhere_gives_the_same_bytes_and_an_unchanged_lock(
    finished: Project,
) -> None:
    before = finished.read_results()
    assert any(name.endswith(".skops") for name in before)
    finished.env = {name: value for name, value in finished.env.items() if name not in ONE_CORE}
    surroundings = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7", "COLD": "1"}
    finished.run("dvc", "repro", "--force", "--quiet", **surroundings)
    after = finished.read_results()
    assert after.keys() == before.keys()
    assert [name for name in before if before[name] != after[name]] == []
    assert finished.run("git", "status", "--porcelain").stdout == ""


def test_nothing_runs_when_nothing_changed(finished: Project) -> None:
    told = finished.run("dvc", "repro").stdout
    assert "Running stage" not in told


def test_the_other_dataset_is_one_parameter_away(finished: Project) -> None:
    finished.edit("params.yaml", "contract: loanapp ", "contract: scenario ")
    finished.run("dvc", "repro", "split")
    assert (finished.folder / "data/train.parquet").stat().st_size > 100_000
