"""What many tests need: clones of the repository, the small lender, stores, databases."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from multiprocessing.util import get_temp_dir
from pathlib import Path

import pytest

from credit.decision_log import migrate
from testing.decisions import make_tables, migrate_by_alembic
from testing.images import built
from testing.lenders.small import bundles, inputs, rows
from testing.parts.servers import Cluster, cluster
from testing.projects import Project, clone_project, copy_project, find_shared_folder, make_once, shorten_pipeline
from testing.services import released_once
from testing.stores import disk, place, publish, s3, store
from testing.warm.commands import ONE_CORE
from testing.warm.shared import share_warm_process

__all__ = ["built", "bundles", "disk", "inputs", "place", "publish", "released_once", "rows", "s3", "store"]
"""Imported here once: a fixture that two folders import is made for each of them."""


@pytest.fixture(autouse=True, scope="session")
def _temporary_folders() -> Iterator[None]:
    """Let this process, and those that it starts, make temporary folders in a folder of their own.

    Processes that the tests kill leave theirs behind, and every command of `release` lists all that are there.
    """
    get_temp_dir()  # which multiprocessing keeps, and removes only when the process ends
    made = tempfile.TemporaryDirectory(prefix="tests-", ignore_cleanup_errors=True)
    with made as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", None)
        yield


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A fresh clone: nothing has run."""
    return clone_project(tmp_path / "template")


@pytest.fixture(scope="session")
def _finished_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One clone, for all workers, in which the pipeline ran."""

    def run_pipeline(project: Project) -> None:
        shorten_pipeline(project)
        project.run("dvc", "repro", "--quiet")
        project.commit()

    return make_once(find_shared_folder(tmp_path_factory, worker_id) / "finished", run_pipeline)


@pytest.fixture
def finished(_finished_once: Path, tmp_path: Path) -> Project:
    """A clone in which the pipeline ran, with DVC's cache."""
    return copy_project(_finished_once, tmp_path / "of")


@pytest.fixture(scope="session")
def template_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of a clone, for all workers, with the template's own results, all made anew. It is only read.

    They are made cold, on all cores and in another time zone and language: the committed ones were not.
    """

    def run_pipeline(project: Project) -> None:
        usual = project.env
        project.env = {name: value for name, value in usual.items() if name not in ONE_CORE}
        surroundings = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7", "COLD": "1"}
        project.run("dvc", "repro", "--force", "--quiet", **surroundings)
        project.env = usual
        changed = project.run("git", "diff").stdout
        assert not changed, f"the committed results are not those that come out: {changed}"

    return make_once(find_shared_folder(tmp_path_factory, worker_id) / "template", run_pipeline, lender=None)


@pytest.fixture(autouse=True, scope="session")
def _tables_at_once() -> Iterator[None]:
    """Let each new SQLite log of this process have its tables at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "upgrade_tables", make_tables)
        yield


@pytest.fixture
def migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the migrations make the tables of a log, as they do outside these tests."""
    monkeypatch.setattr(migrate, "upgrade_tables", migrate_by_alembic)


@pytest.fixture
def all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process and those that it starts use every core, which tests that run side by side do not."""
    for name in ONE_CORE:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def _cluster() -> Iterator[Cluster]:
    """PostgreSQL, one per test process."""
    with cluster() as made:
        yield made


@pytest.fixture
def server(_cluster: Cluster) -> Iterator[Cluster]:
    """PostgreSQL, running, with an empty database of its own at `url`; a test may stop it or make it hang."""
    _cluster.url = _cluster.make_database()
    yield _cluster
    _cluster.go_on()
    _cluster.start()


@pytest.fixture
def stage(project: Project) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run one stage of a fresh clone by its command line."""
    return lambda name, *arguments: project.run("python", "-m", "stages", name, *arguments, check=False)


def pytest_configure(config: pytest.Config) -> None:
    """Let the processes that run tests beside each other share a warm process, which ends with this one."""
    if config.getoption("numprocesses", None):
        config.add_cleanup(share_warm_process())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The walks through the pages take minutes: they start first, so that nobody waits for them at the end."""
    items.sort(key=lambda item: item.path.name != "test_pages.py")
