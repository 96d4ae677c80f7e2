"""Nobody deploys to prod alone from GitHub; a rollback and the rule wait for nobody."""

from collections.abc import Callable

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
