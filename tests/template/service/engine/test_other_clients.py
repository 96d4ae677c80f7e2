"""Clients of one version ask while another is live: each is answered, whatever the order of deployments."""

import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit.bundle.application_fit import OTHER_VERSION
from credit.bundle.bundle import load_bundle
from credit.data.tables import open_table
from credit.packaging.build import build_bundle
from credit.registry import versions
from credit.registry.ledger import Ledger
from credit.registry.names import parse_version
from credit.registry.store import Store
from credit.scoring.model import Decision
from credit.training.agreement import PackageParams
from release.deployment.apply import apply_change
from release.deployment.plan import plan_fallback
from service.commands.replay import find_record, load_logged_version, recompute
from service.settings import Settings
from testing.lenders.small import CONTRACT, FEATURES, locate_inputs, make_people, train_all
from testing.load import Load
from testing.parts.servers import wait_until
from testing.releases import WHY, deploy_versions
from testing.services import Service, run_service

Body = dict[str, Any]
_TENURE = "  tenure: {type: integer, role: feature, description: d, reason: Your tenure}\n"
_SEX = "  sex: {type: category, role: protected, allowed: [f, m], reference: m, missing: allowed, description: d}\n"
_CONTRACTS = {
    "v1.0.0": CONTRACT,
    "v2.0.0": CONTRACT.replace("allowed: [own, rent, other]", "allowed: [own, rent, other, family]").replace(
        "  race:", f"{_TENURE}  race:"
    ),
    "v3.0.0": CONTRACT.replace("  self: {type: boolean, role: feature, description: d, reason: Self-employment}\n", "")
    .replace("  race:", f"{_TENURE.replace('{type: integer,', '{type: integer, missing: allowed,')}  race:")
    .replace("  paid:", f"{_SEX}  paid:"),
}  # fmt: skip
"""v2 adds a field that must be there, and a level; v3 lets the field be missing, and drops another one."""

_ROUND = ["v1.0.0", "v2.0.0", "v3.0.0", "v1.0.0", "v3.0.0", "v2.0.0", "v1.0.0"]
"""Each version after each other one."""


def make_table(version: str, rows: int, seed: int) -> pd.DataFrame:
    people, rng = make_people(rows, seed), np.random.default_rng(seed)
    if version != "v1.0.0":
        people["tenure"] = rng.integers(0, 40, rows)
    if version == "v2.0.0":
        people["home"] = people["home"].where(rng.random(rows) > 0.3, "family")
    if version == "v3.0.0":
        people = people.drop(columns="self").assign(sex=rng.choice(["f", "m"], rows))
    return people


def publish_version(store: Store, version: str) -> None:
    folder = Path(store.url).parent / version / "bundle"
    versions.publish_bundle(store, parse_version(version), folder, "0" * 40, "tester")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three bundles of three contracts, the first of which is published and live."""
    root = tmp_path_factory.mktemp("contracts")
    for version, text in _CONTRACTS.items():
        made = locate_inputs(root / version)
        for folder in (made.models, made.candidates):
            folder.mkdir(parents=True)
        made.contract.write_text(text)
        make_table(version, 800, 0).to_parquet(made.train, index=False)
        make_table(version, 60, 1).to_parquet(made.test, index=False)
        features = [name for name in [*FEATURES, "tenure"] if f"  {name}:" in text or name.startswith("bureau")]
        train_all(made, features, ["heuristic", "logistic"])
        build_bundle("logistic", made, PackageParams(max_other_decisions=0), root / version / "bundle", {})
    store = Store(str(root / "store"))
    publish_version(store, "v1.0.0")
    deploy_versions(store, "v1.0.0")
    return store


@pytest.fixture(scope="module")
def service(store: Store, bodies: dict[str, list[Body]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service, which knows all three versions: two of them were published after it had started."""
    early = bodies["v2.0.0"][0]
    with run_service(store.url, tmp_path_factory.mktemp("state")) as running:
        assert running.wait().decide(early).status_code == 422
        publish_version(store, "v2.0.0")
        wait_until(lambda: running.decide(early).status_code == 200, "v2.0.0's clients before it is live")
        publish_version(store, "v3.0.0")
        wait_until(lambda: running.decide(bodies["v3.0.0"][0]).status_code == 200, "v3.0.0's clients")
        yield running


@pytest.fixture(scope="module")
def bodies(store: Store) -> dict[str, list[Body]]:
    """What clients of each version send, by the rows of its own test table."""
    root = Path(store.url).parent
    listed = {}
    for version in _CONTRACTS:
        rows = open_table(root / version / "test.parquet").read().to_pylist()
        protected = [name for name in ("race", "sex") if name in rows[0]]
        listed[version] = [
            {
                "application": {key: value for key, value in row.items() if key not in ("race", "sex", "paid")},
                "protected": {name: row[name] for name in protected},
            }
            for row in rows[:20]
        ]
    return listed


def decide_alone(folder: Path, application: Body, version: str) -> tuple[Decision, str | None]:
    """What the version decides, from its bundle alone, and why the rule does."""
    bundle = load_bundle(folder / version / "bundle")
    lacking = [name for name in bundle.inputs if name not in application]
    refused = [name for name in lacking if bundle.contract.columns[name].missing == "refused"]
    row = {**application, **dict.fromkeys(lacking)}
    parts = [f"it lacks {', '.join(refused)}"] if refused else []
    if "family" not in (bundle.contract.columns["home"].allowed or ()) and row["home"] == "family":
        parts += ["values of home are not known here"]
    if parts:
        return bundle.decide_by_rule([row])[0], f"{OTHER_VERSION}: {' and '.join(parts)}"
    return bundle.decide([row])[0], None


def test_three_clients_and_three_versions_in_every_order_under_load_refuse_and_lose_nothing(
    store: Store, service: Service, bodies: dict[str, list[Body]]
) -> None:
    """Each answer is that of the version that it names, by what the client sent of what this version reads."""
    asked = [body for listed in bodies.values() for body in listed]
    load = Load(service, asked)
    with load.run_clients(clients=4):
        for version in _ROUND:
            for entry in deploy_versions(store, version):
                wait_until(lambda n=entry.number: service.read_health()["entry"] >= n, "the swap", service.process)  # type: ignore[misc]
            load.wait_for(4 * len(asked))
    assert (load.refused, load.lost) == ([], 0)
    folder, expected = Path(store.url).parent, {}
    for which, answer in load.answers:
        key = (which, answer["version"])
        if key not in expected:
            decision, because = decide_alone(folder, asked[which]["application"], answer["version"])
            expected[key] = (decision.decision, decision.score, list(decision.reasons), decision.decided_by, because)
        told = tuple(answer[name] for name in ("decision", "score", "reasons", "decided_by", "rule_because"))
        assert told == expected[key], key
    senders = [version for version, listed in bodies.items() for _ in listed]
    assert {(senders[which], version) for which, version in expected} == set(product(_CONTRACTS, _CONTRACTS))
    assert {because for *_, because in expected.values()} == {
        None,
        f"{OTHER_VERSION}: it lacks tenure",
        f"{OTHER_VERSION}: it lacks self",
        f"{OTHER_VERSION}: values of home are not known here",
    }


def test_what_was_sent_is_logged_and_replay_finds_the_same(
    store: Store, service: Service, bodies: dict[str, list[Body]], tmp_path: Path
) -> None:
    deploy_versions(store, "v3.0.0", "v1.0.0")
    wait_until(lambda: service.get("/v1/version").json()["version"] == "v1.0.0", "v1.0.0", service.process)
    family = next(one for one in bodies["v2.0.0"] if one["application"]["home"] == "family")
    for body in (family, bodies["v3.0.0"][0], bodies["v1.0.0"][0]):
        answer = service.decide(body).json()
        found = service.get(f"/v1/decisions/{answer['id']}").json()
        assert found["inputs"] == body["application"]
        settings = Settings(state=service.state)
        record, wrong = find_record(settings, answer["id"])
        assert wrong is None
        assert record["protected"] == body["protected"]
        again = recompute(load_logged_version(record, settings, lambda: store), record)
        assert {name: record[name] for name in again} == again
    metrics = service.get("/metrics").text
    assert 'service_rule_took_over_total{because="other_version"}' in metrics


def test_a_field_or_a_value_that_no_version_knows_is_refused(service: Service, bodies: dict[str, list[Body]]) -> None:
    good = bodies["v1.0.0"][0]
    for change in ({"tenur": 1}, {"tenure": -0.5}, {"home": "castle"}):
        answer = service.decide({**good, "application": {**good["application"], **change}})
        assert answer.status_code == 422, change
        (problem,) = answer.json()["problems"]
        assert problem["field"] == f"application.{next(iter(change))}"
    without_points = {key: value for key, value in good["application"].items() if key != "points"}
    assert service.decide({**good, "application": without_points}).status_code == 422


def test_the_api_documents_the_fields_of_all_versions(service: Service) -> None:
    schemas = service.get("/openapi.json").json()["components"]["schemas"]
    application = schemas["Application"]
    assert {"tenure", "self", "home", "points"} <= application["properties"].keys()
    assert "points" in application["required"]
    assert not {"tenure", "self"} & set(application["required"])
    homes = application["properties"]["home"]["anyOf"]
    assert any("family" in one.get("enum", []) for level in homes for one in level.get("anyOf", [level]))
    assert {"race", "sex"} == schemas["ProtectedAttributes"]["properties"].keys()


def test_the_kill_switch_and_a_start_without_the_store_refuse_no_client(
    store: Store, service: Service, bodies: dict[str, list[Body]]
) -> None:
    """No bundle but that of the live version is on the disk, as where the others were published and never live."""
    for version in ("v2.0.0", "v3.0.0"):
        (deployed,) = deploy_versions(store, version)
        wait_until(lambda n=deployed.number: service.read_health()["entry"] >= n, "the swap", service.process)  # type: ignore[misc]
    entry = apply_change(store, plan_fallback(Ledger(store, "prod"), WHY))
    assert entry is not None
    wait_until(lambda: service.read_health()["entry"] >= entry.number, "the fallback", service.process)
    for listed in bodies.values():
        assert [service.decide(body).json()["decided_by"] for body in listed[:5]] == ["rule"] * 5
    service.stop()
    for folder in (service.state / "bundles").iterdir():
        if folder.name != entry.digest:
            shutil.rmtree(folder)
    Path(store.url).rename(Path(store.url).with_suffix(".away"))
    service.restart().wait("degraded")
    for listed in bodies.values():
        assert service.decide(listed[0]).status_code == 200
