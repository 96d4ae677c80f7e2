"""The next version: proposed from what is in the history of what is registered, whatever else has a tag."""

import json
from collections.abc import Callable

import pytest

from credit.registry.names import parse_version
from credit.registry.store import Store
from release.__main__ import main
from release.commands.register import register_version
from release.registration.checks import Readiness
from release.repository.git import resolve_commit
from release.repository.next_version import choose_version, describe_left_out
from release.repository.tags import read_registry

Run = Callable[..., str]


@pytest.fixture
def steered(run: Run) -> Run:
    """A repository with v1.0.0, v1.1.0 and v2.0.0 on main, and a tag by hand on a branch that nobody merged."""
    run("git", "checkout", "--quiet", "-b", "elsewhere")
    run("git", "commit", "--quiet", "--allow-empty", "--message", "not reviewed")
    run("git", "tag", "--annotate", "--message", "evil", "credit-model@v9.9.9")
    run("git", "checkout", "--quiet", "main")
    run("git", "commit", "--quiet", "--allow-empty", "--message", "merged")
    return run


@pytest.mark.parametrize(("part", "expected"), [("patch", "v2.0.1"), ("minor", "v2.1.0"), ("major", "v3.0.0")])
def test_a_tag_on_a_branch_that_was_not_merged_chooses_no_number(steered: Run, part: str, expected: str) -> None:
    version, bump = choose_version(read_registry(), None, {part: True})
    assert str(version) == expected
    assert "proposed was v2.0.1, because neither label, candidate nor policy" in bump.why
    checked = Readiness(resolve_commit("HEAD"), "d" * 64, [], [])
    register_version(version, checked, "m", None)
    assert read_registry().versions[version].commit == checked.commit, "nor does GTO mind"


def test_a_version_that_does_not_count_is_told_and_its_number_is_taken(
    steered: Run, disk: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RELEASE_STORE", disk.url)
    steered("git", "tag", "--annotate", "--message", "evil", "credit-model@v2.0.1", "elsewhere")
    with pytest.raises(SystemExit) as left:
        main(["check", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (left.value.code, told["version"]) == (1, "v2.0.2")
    commit = resolve_commit("elsewhere")[:10]
    for version in ("v2.0.1", "v9.9.9"):
        tag = f"git tag credit-model@{version} of modeler@example.org is on commit {commit}"
        said = f"{version} does not count for the next version: {tag}, which is not in the history of this one"
        assert said in told["notes"]


def test_a_version_counts_once_its_branch_is_merged(steered: Run) -> None:
    steered("git", "merge", "--quiet", "--no-edit", "elsewhere")
    registry = read_registry()
    assert describe_left_out(registry) == []
    assert choose_version(registry, None, {})[0] == parse_version("v9.9.10")


def test_without_a_version_in_its_history_a_commit_gets_the_first_that_is_free(steered: Run) -> None:
    steered("git", "checkout", "--quiet", "--orphan", "new")
    steered("git", "commit", "--quiet", "--allow-empty", "--message", "a new beginning")
    version, bump = choose_version(read_registry(), None, {})
    assert (str(version), bump.why) == ("v3.0.0", "the first version")
