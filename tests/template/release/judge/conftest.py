"""A small repository with a base and a change."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from release.compare.sides import Sides
from release.repository.git import resolve_commit
from release.repository.revision import Revision
from testing.lenders.frozen import LENDER, ROOT

Propose = Callable[..., Sides[Revision]]


@pytest.fixture
def propose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Propose:
    """Commit files, by their path and text, None for one that goes; the revisions before and after."""
    monkeypatch.chdir(tmp_path)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ann Author")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ann@example.org")
    for name, source in (("params.yaml", LENDER), ("data/contracts/loanapp.yaml", ROOT), ("dvc.yaml", ROOT)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((source / name).read_bytes())
    (tmp_path / "requirements.lock").write_text("click==8.1.8 \\\n    --hash=sha256:00\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_it.py").write_text(
        "def test_one():\n    assert 1\n    assert 2\n\n\ndef test_two():\n    assert 3\n"
    )
    subprocess.run(["git", "init", "--quiet"], check=True)

    def commit() -> str:
        subprocess.run(["git", "add", "--all"], check=True)
        subprocess.run(["git", "commit", "--quiet", "--message", "as it is"], check=True)
        return resolve_commit("HEAD")

    base = commit()

    def make_change(files: dict[str, str | None]) -> Sides[Revision]:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text)
        return Sides(Revision("main", base), Revision("change", commit()))

    return make_change
