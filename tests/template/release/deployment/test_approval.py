"""Nobody deploys to prod alone from GitHub; a rollback and the rule wait for nobody."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from credit.common.errors import CreditError
from credit.registry.ledger import Ledger
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.deployment.apply import apply_change
from release.deployment.approval import find_approver, require_approval
from release.deployment.change import Attribution
from release.deployment.plan import plan_deployment, plan_fallback, plan_rollback
from testing.releases import make_version_record


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("RELEASE_ACTOR", "modeler")
    return monkeypatch


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("", None),
        ("modeler", None),
        ("Modeler", None),
        ("counsel", "counsel"),
        ("modeler,counsel,risk", "counsel, risk"),
    ],
)
def test_the_person_who_deploys_is_no_second_person(
    github: pytest.MonkeyPatch, disk: Store, said: str, found: str | None
) -> None:
    github.setenv("RELEASE_APPROVER", said)
    assert find_approver() == found
    by = Attribution("r", "modeler", approver=find_approver())
    change = plan_deployment(Ledger(disk, "prod"), make_version_record("v1.0.0"), by)
    assert change.entry
    assert change.entry.approver == found
    require_approval(plan_deployment(Ledger(disk, "staging"), make_version_record("v1.0.0"), by))
    if found:
        require_approval(change)
        return
    with pytest.raises(CreditError, match="nobody but modeler approved this run, expected a second person"):
        require_approval(change)
    github.delenv("GITHUB_ACTIONS")
    require_approval(change)


@pytest.fixture
def gh(github: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A `gh` that knows who approved run 77, and notes that it was asked; a run of GitHub's."""
    asked = tmp_path / "asked"
    (tmp_path / "bin").mkdir()
    of_run = 'test "$2" = repos/lender/model/actions/runs/77/approvals && echo counsel'
    (tmp_path / "bin/gh").write_text(f'#!/bin/sh\necho "$1 $2" >> {asked}\n{of_run}\n')
    (tmp_path / "bin/gh").chmod(0o755)
    github.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    github.setenv("GITHUB_REPOSITORY", "lender/model")
    github.setenv("GITHUB_RUN_ID", "77")
    return asked


def test_github_is_asked_who_approved_its_run_where_nobody_says_it(gh: Path, github: pytest.MonkeyPatch) -> None:
    assert find_approver() == "counsel"
    github.setenv("RELEASE_ACTOR", "Counsel")
    assert find_approver() is None
    github.setenv("RELEASE_ACTOR", "modeler")
    github.setenv("GITHUB_RUN_ID", "78")
    assert find_approver() is None, "without an answer it was nobody"
    number = len(gh.read_text().splitlines())
    github.setenv("RELEASE_APPROVER", "risk")
    assert find_approver() == "risk"
    github.delenv("RELEASE_APPROVER")
    github.delenv("GITHUB_ACTIONS")
    assert find_approver() is None
    assert len(gh.read_text().splitlines()) == number == 3


def test_deploy_goes_back_as_rollback_does_and_asks_nobody_who_approved_it(
    gh: Path, disk: Store, publish: Callable[..., VersionRecord], command: Callable[..., tuple[int, Any]]
) -> None:
    """One command for whoever fills in a form. Its versions are asked about: each once."""
    by = ("--env", "prod", "--reason", "r")
    for number, version in enumerate(("v1.0.0", "v2.0.0"), 1):
        publish(disk, version)
        assert command("deploy", version, *by, "--json")[0] == 0
        assert len(gh.read_text().splitlines()) == number
    code, told = command("deploy", " Rule", *by, "--despite", "it is better")
    assert (code, "--despite is about a version, and rule is none" in told) == (2, True)
    assert command("deploy", "PREVIOUS ", *by, "--from", "v1.0.0")[0] == 1, "that is not live"
    assert command("deploy", "PREVIOUS ", *by, "--dry-run")[0] == 0
    for word in ("PREVIOUS ", " Rule"):
        assert command("deploy", word, *by)[0] == 0
    assert len(gh.read_text().splitlines()) == 2
    entries = [(entry.kind, entry.version, entry.approver) for entry in Ledger(disk, "prod").read_entries()]
    assert entries == [
        ("fallback", "v1.0.0", None),
        ("rollback", "v1.0.0", None),
        ("deploy", "v2.0.0", "counsel"),
        ("deploy", "v1.0.0", "counsel"),
    ]


def test_a_way_back_waits_for_nobody(
    github: pytest.MonkeyPatch, disk: Store, publish: Callable[..., VersionRecord]
) -> None:
    ledger, by = Ledger(disk, "prod"), Attribution("r", "modeler")
    records = [publish(disk, version) for version in ("v1.0.0", "v2.0.0")]
    for record in records:
        apply_change(disk, plan_deployment(ledger, record, by._replace(approver="counsel")))
    require_approval(plan_rollback(ledger, by))
    require_approval(plan_fallback(ledger, by))
    require_approval(plan_deployment(ledger, records[0], by))
    assert [entry.approver for entry in ledger.read_entries()] == ["counsel", "counsel"]
