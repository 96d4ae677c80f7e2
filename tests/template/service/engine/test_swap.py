"""Another version takes over while applications come in."""

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from credit.bundle.bundle import load_bundle
from credit.bundle.manifest import verify_bundle, write_bundle
from credit.registry import versions
from credit.registry.ledger import Ledger
from credit.registry.names import parse_version
from credit.registry.signatures import (
    load_private_key,
    make_private_key,
    seal_payload,
    serialize_public_key,
    store_signature,
)
from credit.registry.store import Store
from release.deployment.apply import apply_change
from release.deployment.change import Condition
from release.deployment.plan import plan_fallback, plan_rollback, plan_rollback_to
from testing.load import Load
from testing.parts.servers import PATIENCE, wait_until
from testing.releases import WHY, deploy_versions
from testing.services import Service, run_service

Asked = list[dict[str, Any]]
CANDIDATES = {"v1.0.0": "heuristic", "v2.0.0": "logistic", "v3.0.0": "random_forest"}


def test_a_hundred_swaps_under_load_lose_nothing_and_mix_nothing(
    service: Service, released: Store, asked: Asked, bundles: Callable[[str], Path]
) -> None:
    """Each answer is wholly that of the version that it names."""
    some = asked[:50]
    rows = [one["application"] for one in some]
    expected = {}
    for version, candidate in CANDIDATES.items():
        decided = load_bundle(bundles(candidate)).decide(rows)
        expected[version] = [(d.decision, d.score, list(d.reasons)) for d in decided]
    load = Load(service, some)
    with load.run_clients(clients=4):
        for number in range(100):
            (entry,) = deploy_versions(released, "v3.0.0" if number % 2 == 0 else "v2.0.0")
            wait_until(lambda n=entry.number: service.read_health()["entry"] >= n, "the swap", service.process)  # type: ignore[misc]
    assert (load.refused, load.lost) == ([], 0)
    for which, answer in load.answers:
        told = (answer["decision"], answer["score"], answer["reasons"])
        assert told == expected[answer["version"]][which]
    by_version = Counter(answer["version"] for _, answer in load.answers)
    assert set(by_version) == {"v2.0.0", "v3.0.0"}
    logged = service.get("/metrics").text
    assert "service_swaps_total 101.0" in logged


def test_a_rollback_to_a_version_that_needs_less_loses_nobody(service: Service, released: Store, asked: Asked) -> None:
    """The rule reads one value of the whole application that clients go on sending."""
    apply_change(released, plan_rollback(Ledger(released, "prod"), WHY))
    wait_until(lambda: service.read_health()["entry"] == 3, "the rollback", service.process)
    answer = service.decide(asked[0]).json()
    assert (answer["version"], answer["decided_by"]) == ("v1.0.0", "rule")
    assert answer["rule_because"].startswith("no model in this version")


def test_the_kill_switch_lets_the_rule_decide_and_says_why(service: Service, released: Store, asked: Asked) -> None:
    apply_change(released, plan_fallback(Ledger(released, "prod"), WHY))
    wait_until(lambda: service.read_health()["entry"] == 3, "the rule", service.process)
    answer = service.decide(asked[0]).json()
    assert (answer["decided_by"], answer["version"]) == ("rule", "v2.0.0")
    assert answer["rule_because"] == "fallback to the rule: a test"
    assert service.get("/v1/version").json()["decides"] == "rule"


def test_a_version_that_is_damaged_in_the_store_is_refused_and_the_old_one_goes_on(
    service: Service, released: Store, asked: Asked
) -> None:
    record = versions.require_version(released, "v3.0.0")
    entry = deploy_versions(released, "v3.0.0", environment="staging")[0]  # verified there, damaged afterwards
    model = Path(released.url) / "bundles" / record.digest / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"x")
    ledger = Ledger(released, "prod")
    following = {"number": 3, "id": "x", "back": 2, "previous": ledger.hash_entry(2)}
    ledger.append_entry(entry.model_copy(update=following))
    wait_until(lambda: service.read_health()["status"] == "degraded", "the refusal", service.process)
    assert service.read_health()["problems"] == ["entry 3, v3.0.0, was refused: it cannot be loaded and verified"]
    assert service.decide(asked[0]).json()["version"] == "v2.0.0"
    assert 'service_problem{what="refused"} 1.0' in service.get("/metrics").text
    assert "model.onnx" in service.log.read_text()
    assert str(released.url) not in service.get("/health/ready").text
    apply_change(released, plan_rollback_to(ledger, versions.require_version(released, "v2.0.0"), WHY))
    wait_until(lambda: service.read_health()["entry"] == 4, "the rollback", service.process)
    assert service.read_health()["status"] == "ok"


def test_a_version_whose_model_cannot_run_is_refused_and_the_kill_switch_works(
    service: Service,
    released: Store,
    asked: Asked,
    tmp_path: Path,
    bundles: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, made = bundles("logistic"), tmp_path / "broken"
    manifest = verify_bundle(folder)
    files = {name: (folder / name).read_bytes() for name in manifest.files}
    files["model.onnx"] = files["model.onnx"].replace(b"columns", b"kolumns")
    write_bundle(made, manifest.dataset, manifest.candidate, manifest.agreement, files)
    with monkeypatch.context() as unchecked:
        unchecked.setattr(versions, "check_examples", lambda *_: [])
        versions.publish_bundle(released, parse_version("v4.0.0"), made, "0" * 40, "tester")
    ledger, record = Ledger(released, "prod"), versions.require_version(released, "v4.0.0")
    (last,) = ledger.read_entries(1)
    following = {"number": 3, "id": "x", "back": 2, "previous": ledger.hash_entry(2)}
    entry = last.model_copy(update={**following, "version": "v4.0.0", "digest": record.digest})
    ledger.append_entry(entry)
    service.wait("degraded")
    assert service.read_health()["problems"] == ["entry 3, v4.0.0, was refused: it cannot be loaded and verified"]
    assert service.decide(asked[0]).json()["version"] == "v2.0.0"
    apply_change(released, plan_fallback(ledger, WHY))
    wait_until(lambda: service.read_health()["entry"] == 4, "the rule", service.process)
    assert service.decide(asked[0]).json()["decided_by"] == "rule"


def test_an_entry_that_is_not_valid_is_passed_over(service: Service, released: Store, asked: Asked) -> None:
    ledger = Ledger(released, "prod")
    released.create(ledger.build_key(3), b"{}")
    wait_until(lambda: service.read_health()["status"] == "degraded", "the entry", service.process)
    assert service.decide(asked[0]).json()["entry"] == 2
    apply_change(released, plan_rollback_to(ledger, versions.require_version(released, "v1.0.0"), WHY))
    wait_until(lambda: service.read_health()["entry"] == 4, "the rollback", service.process)
    assert service.read_health()["status"] == "ok"
    assert service.decide(asked[0]).json()["entry"] == 4


def test_a_version_with_another_contract_validates_its_own_requests(
    service: Service, released: Store, asked: Asked, tmp_path: Path, bundles: Callable[[str], Path]
) -> None:
    """Once it is live, an application is what its contract says, and no longer what the old one said."""
    folder, made = bundles("logistic"), tmp_path / "wider"
    manifest = verify_bundle(folder)
    files = {name: (folder / name).read_bytes() for name in manifest.files}
    files["contract.yaml"] = files["contract.yaml"].replace(b"range: [300, 850]", b"range: [300, 900]")
    write_bundle(made, manifest.dataset, manifest.candidate, manifest.agreement, files)
    versions.publish_bundle(released, parse_version("v4.0.0"), made, "0" * 40, "tester")
    high = {"application": {**asked[0]["application"], "points": 880}}
    answer = service.decide(high)
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "application.points"
    deploy_versions(released, "v4.0.0")
    wait_until(lambda: service.read_health()["entry"] == 3, "the swap", service.process)
    assert service.decide(high).json()["version"] == "v4.0.0"


def test_within_seconds_of_the_entry_the_new_version_answers(service: Service, released: Store, asked: Asked) -> None:
    """How many, `make bench` says."""
    deploy_versions(released, "v3.0.0")
    deadline = time.monotonic() + PATIENCE
    while service.decide(asked[0]).json()["version"] != "v3.0.0":
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_version_that_no_trusted_key_signed_is_not_taken_up(released: Store, tmp_path: Path) -> None:
    """As by somebody with the keys of the store alone, who writes the ledger by hand; the kill switch needs no key."""
    key = load_private_key(make_private_key(), "here")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/one.pub").write_text(serialize_public_key(key.public_key()))

    def sign(version: str) -> None:
        subject = {
            "name": f"credit-model@{version}",
            "digest": {"sha256": versions.require_version(released, version).digest},
        }
        statement = json.dumps({"subject": [subject]}).encode()
        store_signature(released, parse_version(version), seal_payload(statement, key))

    sign("v2.0.0")
    with run_service(released.url, tmp_path / "state", SERVICE_TRUSTED_KEYS=str(tmp_path / "keys")) as service:
        service.wait()
        (entry,) = deploy_versions(released, "v3.0.0")
        wait_until(lambda: service.read_health()["status"] == "degraded", "the refusal", service.process)
        assert service.read_health()["entry"] == entry.number - 1
        assert "v3.0.0: not signed by a key of" in service.log.read_text()
        apply_change(released, plan_fallback(Ledger(released, "prod"), WHY))
        wait_until(lambda: service.read_health()["entry"] == entry.number + 1, "the rule", service.process)
        sign("v3.0.0")
        signed, after_rule = versions.require_version(released, "v3.0.0"), Condition(after_rule=True)
        apply_change(released, plan_rollback_to(Ledger(released, "prod"), signed, WHY, after_rule))
        wait_until(lambda: service.read_health()["entry"] == entry.number + 2, "the signed one", service.process)
        service.wait("ok")
