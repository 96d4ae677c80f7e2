"""A real service deals people to two versions: the same person the same way, through a kill, and until a rollback."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from credit.decision_log.database import Database
from credit.decision_log.integrity.verify import verify_databases
from credit.decision_log.people.applicants import hash_reference
from credit.decision_log.tables import DECISIONS_TABLE
from credit.registry.challenges import Challenge, Challenges, SplitPlan
from credit.registry.store import Store
from credit.registry.versions import require_version
from release.challenge.split_judgement import judge_split
from service.challenge.dealing import find_place
from testing.parts.servers import wait_until
from testing.releases import deploy_versions
from testing.services import Service, run_service

KEY = "k" * 32
SHARE = 0.4


def begin(store: Store, entry: int = 2, version: str = "v3.0.0") -> Challenge:
    record = require_version(store, version)
    until = datetime.now(UTC) + timedelta(days=1)
    plan = SplitPlan(share=SHARE, until=until, difference=0.02, alpha=0.05, limit=0.8, breach_alpha=0.01)
    return Challenges(store, "prod").append("split", (version, record.digest), entry, "a test", "tester", plan=plan)


def read_split(service: Service) -> dict[str, Any]:
    return service.read_health().get("split") or {}


def ask_all(service: Service, asked: list[dict[str, Any]]) -> dict[str, str]:
    """Ask for a decision about each person; return the version by person."""
    return {one["applicant"]: service.decide(one).json()["version"] for one in asked}


@pytest.fixture
def people(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one | {"applicant": f"person {number}"} for number, one in enumerate(asked[:40])]


@pytest.fixture
def service(released: Store, tmp_path: Path) -> Iterator[Service]:
    with run_service(released.url, tmp_path / "state", SERVICE_APPLICANT_KEY=KEY) as running:
        yield running.wait()


def test_people_are_dealt_as_their_references_say_through_a_kill_and_until_a_rollback(
    service: Service, released: Store, people: list[dict[str, Any]]
) -> None:
    assert set(ask_all(service, people).values()) == {"v2.0.0"}
    challenge = begin(released)
    wait_until(lambda: read_split(service).get("decides") is True, "the split", service.process)
    places = {one["applicant"]: find_place(challenge, hash_reference(KEY, one["applicant"])) for one in people}
    expected = {person: "v3.0.0" if place < SHARE else "v2.0.0" for person, place in places.items()}
    assert set(expected.values()) == {"v2.0.0", "v3.0.0"}
    assert ask_all(service, people) == expected
    answered = service.decide({"applications": people}, "/v1/decisions/batch").json()["decisions"]
    assert [one["version"] for one in answered] == list(expected.values())
    assert {one["entry"] for one in answered} == {2}
    own = sum(version == "v3.0.0" for version in expected.values())
    assert read_split(service)["dealt"] == {"live": 2 * (len(people) - own), "challenger": 2 * own}
    metrics = service.get("/metrics").text
    assert 'service_decisions_total{decided_by="model",decision="approve",version="v3.0.0"}' in metrics
    assert "service_challenge 1.0" in metrics
    assert f"v3.0.0 decides about {SHARE:.1%} of the applicants" in service.get("/").text

    decided = service.get("/v1/decided").json()
    assert (decided["version"], decided["total"]) == ("v2.0.0", len(people) + 2 * (len(people) - own))
    assert f"{2 * own} more by v3.0.0, the challenger of a split" in decided["notes"]

    log = Database(f"sqlite:///{service.state}/decisions.db", read_only=True)
    judged = judge_split(released, log, challenge).finding
    known = own - 1  # the first whom it decided shows that it deals, and says nothing more
    assert (judged.everybody.challenger.people, judged.is_dealt_otherwise) == (known, False)
    assert judged.everybody.people <= len(people), "each of them once"

    found = service.get(f"/v1/decisions/{answered[0]['id']}").json()
    assert found["version"] == answered[0]["version"]
    report = {"decision_id": next(one["id"] for one in answered if one["version"] == "v3.0.0")}
    told = service.decide(report | {"outcome": True, "observed_at": datetime.now(UTC).isoformat()}, "/v1/outcomes")
    assert told.status_code == 200, told.text

    service.kill()
    service.restart().wait()
    wait_until(lambda: read_split(service).get("decides") is True, "the split again", service.process)
    assert ask_all(service, people) == expected

    deploy_versions(released, "v1.0.0")
    wait_until(lambda: service.read_health()["entry"] == 3, "the rollback", service.process)
    assert set(ask_all(service, people).values()) == {"v1.0.0"}
    assert read_split(service)["because"] == "entry 3 decides by now, and the split is of entry 2"
    Challenges(released, "prod").append("end", (challenge.version, challenge.digest), 2, "enough", "tester")
    wait_until(lambda: not read_split(service), "the end", service.process)
    assert service.read_health()["problems"] == []
    service.stop()
    with log.begin_read() as connection:
        columns = DECISIONS_TABLE.c
        rows = connection.execute(select(columns.entry, columns.version).where(columns.repeat_of.is_(None))).all()
    assert len(rows) == 5 * len(people)
    assert {tuple(row) for row in rows} == {(2, "v2.0.0"), (2, "v3.0.0"), (3, "v1.0.0")}
    assert [one.findings for one in verify_databases([log], released)] == [[], [], [], []]
    log.close()


def test_a_repeated_key_is_answered_by_whom_it_was_dealt_to_and_a_challenger_that_cannot_be_loaded_is_told(
    service: Service, released: Store, asked: list[dict[str, Any]]
) -> None:
    keys = [f"key-{number}" for number in range(20)]
    begin(released)
    wait_until(lambda: read_split(service).get("decides") is True, "the split", service.process)
    first = [service.decide(asked[0], Idempotency_Key=key).json() for key in keys]
    assert {one["version"] for one in first} == {"v2.0.0", "v3.0.0"}
    assert [service.decide(asked[0], Idempotency_Key=key).json() for key in keys] == first

    record = require_version(released, "v3.0.0")
    plan = Challenges(released, "prod").read(1).plan
    Challenges(released, "prod").append("split", ("v9.0.0", record.digest), 2, "a test", "tester", plan=plan)
    said = "the challenger v9.0.0 cannot be loaded; nobody is decided by it"
    wait_until(lambda: service.read_health()["problems"] == [said], "the problem", service.process)
    assert {service.decide(one).json()["version"] for one in asked[:20]} == {"v2.0.0"}
