"""The same inputs give the same bytes."""

from pathlib import Path

from testing.projects import Project, copy_project


def test_a_forced_run_on_all_cores_elsewhere_gives_the_committed_bytes_and_an_unchanged_lock(
    template_once: Path, tmp_path: Path
) -> None:
    """The fixture ran all of it; `dvc.lock` has the hashes of what is too large for git."""
    project = copy_project(template_once, tmp_path / "of")
    assert any(name.endswith(".skops") for name in project.read_results())
    assert "up to date" in project.run("dvc", "status").stdout
    assert project.run("git", "status", "--porcelain").stdout == ""


def test_nothing_runs_when_nothing_changed(finished: Project) -> None:
    told = finished.run("dvc", "repro").stdout
    assert "Running stage" not in told


def test_the_other_dataset_is_one_parameter_away(finished: Project) -> None:
    finished.edit("params.yaml", "contract: loanapp ", "contract: scenario ")
    finished.run("dvc", "repro", "split")
    assert (finished.folder / "data/train.parquet").stat().st_size > 100_000
