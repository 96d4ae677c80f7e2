"""Templates of two versions, made out of the working tree: a small one of what matters here, and the whole."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from scaffold.adoption import adopt
from scaffold.answers import ANSWERS_FILE
from testing.lenders.frozen import ROOT, list_tracked_files

SMALL = (
    "copier.yml", "pyproject.toml", "README.md", "CHANGELOG.md", "params.yaml", "dvc.yaml", "dvc.lock", "compose.yaml",
    "release.yaml", ".gitignore", ".dvc/config", ".github/workflows/deploy.yml", "ci/gitlab.yml",
    "credit/registry/names.py", "stages/split.py", "docs/adopting.md", "data/contracts/scenario.yaml",
    "data/contracts/loanapp.yaml", "reports/metrics.json", "release/evidence/places/", "waivers/",
    "tests/template/conftest.py",
)  # fmt: skip
"""How the names begin of the files that a small template has."""


class Repository:
    """A repository of git with somebody who commits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def git(self, *words: str) -> str:
        """Run git there."""
        person = ("-c", "user.name=a lender", "-c", "user.email=lender@example.org")
        return subprocess.run(
            ["git", *person, *words], cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout

    def commit(self, message: str = "as it is") -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that must be there."""
        text = (self.folder / name).read_text()
        assert old in text, f"{name} has no {old!r}"
        (self.folder / name).write_text(text.replace(old, new, 1))


def make_template(folder: Path, names: Iterable[str]) -> Repository:
    """Make a repository of files of the working tree, at the tag of its version."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    template = Repository(folder)
    template.git("init", "--quiet", "--initial-branch", "main")
    template.commit("the template")
    template.git("tag", "v0.1.0")
    return template


def make_small_template(folder: Path) -> Repository:
    """Make a small template, which is v0.1.0 whatever the working tree is."""
    names = [name for name in list_tracked_files() if name.startswith(SMALL) or name.endswith(".jinja")]
    template = make_template(folder, names)
    text = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(re.sub(r'^version = ".*"$', 'version = "0.1.0"', text, flags=re.MULTILINE))
    template.git("commit", "--quiet", "--all", "--amend", "--allow-empty", "--no-edit")
    template.git("tag", "--force", "v0.1.0")
    return template


def use_template(template: Repository, folder: Path) -> Repository:
    """Make what "Use this template" makes of it: the same files in one commit, no tag, no common history."""
    made = Repository(folder)
    shutil.copytree(template.folder, folder, ignore=shutil.ignore_patterns(".git"))
    made.git("init", "--quiet", "--initial-branch", "main")
    made.git("config", "user.name", "a lender")
    made.git("config", "user.email", "lender@example.org")
    made.commit("Initial commit")
    return made


@pytest.fixture
def template(tmp_path: Path) -> Repository:
    """A small template at v0.1.0."""
    return make_small_template(tmp_path / "upstream")


@pytest.fixture
def project(template: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """What a lender has of it, not yet adopted."""
    made = use_template(template, tmp_path / "project")
    monkeypatch.chdir(made.folder)
    return made


@pytest.fixture(scope="session")
def adopted_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A template, and a project that adopted it with the template's own answers."""
    folder = tmp_path_factory.mktemp("adopted")
    template = make_small_template(folder / "upstream")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(use_template(template, folder / "project").folder)
        adopt(str(template.folder), {}, ask=False, dry_run=False)
    return folder


@pytest.fixture
def adopted(adopted_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Repository, Repository]:
    """A copy of both: the template and the project."""
    shutil.copytree(adopted_once, tmp_path / "both")
    template, project = Repository(tmp_path / "both/upstream"), Repository(tmp_path / "both/project")
    project.edit(ANSWERS_FILE, str(adopted_once), str(tmp_path / "both"))
    project.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    monkeypatch.chdir(project.folder)
    return template, project
