"""What people type for a version: short names, commits, an environment, the working tree."""

import subprocess
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from credit.registry.names import parse_version
from credit.registry.store import Store
from release.blame import jobs
from release.blame.versions import resolve_versions
from release.repository.git import resolve_commit
from testing.releases import deploy_versions


def find_commit(version: str) -> str:
    return resolve_commit(parse_version(version).tag)


def test_an_environment_is_its_live_version_against_the_one_before(
    three: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELEASE_STORE", three.url)
    with pytest.raises(CreditError, match="environment prod: found nothing was deployed yet"):
        resolve_versions("prod", None)
    deploy_versions(three, "v1.0.0")
    with pytest.raises(CreditError, match=r"found only v1.0.0 was ever live, expected two versions; name them"):
        resolve_versions("prod", None)
    deploy_versions(three, "v2.0.0")
    good, bad = resolve_versions("prod", None)
    assert (good.name, good.commit) == ("v1.0.0", find_commit("v1.0.0"))
    assert (bad.name, bad.commit) == ("v2.0.0", find_commit("v2.0.0"))


def test_versions_tags_and_commits_are_sides_and_the_working_tree_is_the_default(three: Store) -> None:
    first = find_commit("v1.0.0")
    for name in ("v1.0.0", "1.0.0", "credit-model@v1.0.0", first):
        good, bad = resolve_versions(name, None)
        assert (good.commit, bad.commit) == (first, resolve_commit("HEAD"))
    Path("new.txt").touch()
    good, bad = resolve_versions("v1.0.0", None)
    assert (good.commit, bad.commit, bad.name) == (first, None, "workspace")
    assert resolve_versions("v1.0.0", "HEAD").head.commit == resolve_commit("HEAD")
    with pytest.raises(CreditError, match="no such commit"):
        resolve_versions("v9.9.9", None)
    with pytest.raises(CreditError, match="GOOD: found the working tree"):
        resolve_versions("workspace", "v1.0.0")


def test_a_branch_of_the_name_of_an_environment_is_reached_with_both_sides(three: Store) -> None:
    subprocess.run(["git", "branch", "prod", "credit-model@v1.0.0"], check=True)
    assert resolve_versions("prod", "v2.0.0").base.commit == find_commit("v1.0.0")


def test_as_many_hybrids_run_side_by_side_as_cores_and_memory_allow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = tmp_path / "meminfo"
    for cores, kilobytes, fit in ((8, 64 * 2**20, 4), (8, 9 * 2**20, 2), (2, 64 * 2**20, 1), (8, 2**20, 1), (1, 0, 1)):
        monkeypatch.setattr(jobs, "cpu_count", lambda cores=cores: cores)
        memory.write_text(f"MemTotal:       99 kB\nMemAvailable:   {kilobytes} kB\n")
        assert jobs.count_jobs(memory) == fit
    assert jobs.count_jobs(tmp_path / "no such file") == 1
