"""A small repository whose reports a test may change."""

import subprocess
from pathlib import Path

import pytest

from testing.lenders.frozen import LENDER
from testing.report_edits import Edit, commit_all, edit_report


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Edit:
    """Make a repository of the lender's small files; the function that edits a report and keeps dvc.lock true."""
    repository = tmp_path / "repository"
    names = ["params.yaml", "dvc.lock", "data/contracts/loanapp.yaml"]
    names += [str(path.relative_to(LENDER)) for path in (LENDER / "reports").rglob("*.json")]
    for name in names:
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_bytes((LENDER / name).read_bytes())
    monkeypatch.chdir(repository)
    for who in ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"):
        monkeypatch.setenv(f"GIT_{who}", "modeler@example.org")
    subprocess.run(["git", "init", "--quiet"], check=True)
    commit_all()
    return edit_report
