"""Applicants, reviews and outcomes as clients and operators see them; the log is as it was written after all of it."""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from credit.decision_log.database import Database
from credit.decision_log.people.applicants import hash_reference
from credit.registry.store import Store
from testing.decisions import list_identifiers
from testing.parts.servers import PATIENCE, Cluster, wait_until
from testing.releases import deploy_versions
from testing.services import ROOT, Service, run_service
from testing.warm.commands import find_warm_commands

Asked = list[dict[str, Any]]
KEY = "a key of this deployment, long enough"


@pytest.fixture
def service(released: Store, tmp_path: Path) -> Iterator[Service]:
    """The service with a key for references, which writes checkpoints at once."""
    own = {"SERVICE_APPLICANT_KEY": KEY, "SERVICE_CHECKPOINT_SECONDS": "0.2"}
    with run_service(released.url, tmp_path / "state", **own) as running:
        yield running.wait()


def run_command(service: Service, *words: str, **env: str) -> "subprocess.CompletedProcess[str]":
    own = {"PYTHONPATH": str(ROOT), "SERVICE_STATE": str(service.state), "SERVICE_APPLICANT_KEY": KEY}
    store = {"RELEASE_STORE": str(service.state.parent / "store")}
    command = [str(find_warm_commands() / "python"), "-m", "service", *words]
    return subprocess.run(command, env=os.environ | own | store | env, capture_output=True, text=True, check=False)


def count(service: Service, start: str) -> float:
    lines = service.get("/metrics").text.splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(start))


def test_one_person_is_found_exported_corrected_and_erased_and_the_log_is_as_it_was_written(
    service: Service, asked: Asked, tmp_path: Path
) -> None:
    person = [service.decide(one | {"applicant": "customer-4711"}).json() for one in asked[:2]]
    other = service.decide({"applications": [asked[2] | {"applicant": "customer-9"}, asked[3]]}, "/v1/decisions/batch")
    listed = service.get("/v1/versions/v2.0.0/decisions").json()["decisions"]
    hashes = [hash_reference(KEY, one) for one in ("customer-4711", "customer-9")]
    assert Counter(one["applicant"] for one in listed) == {hashes[0]: 2, hashes[1]: 1, None: 1}
    assert "customer-4711" not in (service.state / "decisions.db-wal").read_bytes().decode("latin-1")
    found = json.loads(run_command(service, "find", "customer-4711", "--json").stdout)
    assert [one["id"] for one in found["decisions"]] == [one["id"] for one in person]
    done = run_command(service, "correct", person[0]["id"], "--value", "income=99.5", "--reason", "A typing error")
    assert done.returncode == 0, done.stderr
    out = tmp_path / "export.json"
    assert run_command(service, "find", "customer-4711", "--out", str(out)).returncode == 0
    exported = json.loads(out.read_text())
    assert exported[0]["inputs"] == asked[0]["application"]
    assert exported[0]["events"][0]["is"] == {"income": 99.5}
    assert run_command(service, "erase", "customer-4711", "--reason", "Asked for", "--dry-run").returncode == 0
    assert service.get(f"/v1/decisions/{person[0]['id']}").json()["inputs"] == asked[0]["application"]
    assert run_command(service, "erase", "customer-4711", "--reason", "Asked for").stdout.startswith("2 decisions")
    assert service.get(f"/v1/decisions/{person[0]['id']}").json()["inputs"] is None
    assert service.get(f"/v1/decisions/{other.json()['decisions'][0]['id']}").json()["inputs"] is not None
    assert run_command(service, "replay", person[0]["id"]).stderr.count("erased") == 1
    assert run_command(service, "expire").returncode == 1, "retention is off by default"
    assert "0 decisions" in run_command(service, "expire", "--dry-run", SERVICE_RETENTION_MONTHS="1").stdout
    done = run_command(service, "verify-log")
    assert (done.returncode, "2 erased" in done.stdout) == (0, True), done.stdout + done.stderr
    with Database(f"sqlite:///{service.state}/decisions.db", read_only=True).begin_read() as log:
        events = log.exec_driver_sql("SELECT kind, count(*) FROM events GROUP BY kind ORDER BY kind").all()
        public = log.exec_driver_sql("SELECT group_concat(detail, '') FROM events").scalar_one()
    assert [tuple(one) for one in events] == [("correct", 1), ("erase", 1), ("export", 1), ("look_up", 6)]
    assert (person[0]["id"] in public, hashes[0] in public) == (True, False), "an erasure could not take it back"


def test_a_reference_without_a_key_of_the_deployment_is_refused(service_of_many: Service, asked: Asked) -> None:
    answer = service_of_many.decide(asked[0] | {"applicant": "customer-4711"})
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "applicant")
    assert "customer-4711" not in answer.text
    assert service_of_many.decide(asked[0] | {"applicant": ""}).status_code == 422


def test_what_an_analyst_decided_is_in_the_log_on_the_page_and_in_the_figures(service: Service, asked: Asked) -> None:
    answers = service.decide({"applications": asked[:100]}, "/v1/decisions/batch").json()["decisions"]
    referred, denied = (next(a for a in answers if a["decision"] == kind) for kind in ("refer", "deny"))
    told = {"decision": "approve", "reviewer": "analyst-7"}
    answer = service.decide(told, f"/v1/decisions/{referred['id']}/review")
    assert (answer.status_code, answer.json()["override"]) == (200, False)
    assert service.decide(told, f"/v1/decisions/{referred['id']}/review").json() == answer.json()
    path = f"/v1/decisions/{denied['id']}/review"
    assert service.decide(told, path).json()["problems"][0]["field"] == "reason", "an override without a reason"
    assert service.decide(told | {"reason": "An error in the bureau"}, path).json()["override"] is True
    assert service.decide(told | {"decision": "refer"}, path).status_code == 422
    assert service.decide(told, f"/v1/decisions/{'0' * 32}/review").status_code == 404
    review = service.get(f"/v1/decisions/{denied['id']}").json()["review"]
    assert review == {**told, "reason": "An error in the bureau", "override": True}
    assert service.get("/v1/decided").json()["reviews"] == {"approve": 2, "deny": 0, "override": 1}
    assert count(service, "service_reviews_total") == 2
    shown = "Analysts decided 2: 2 approved, 0 denied; 1 of these override"
    wait_until(lambda: shown in service.get("/").text, "the page")


def test_an_outcome_is_checked_by_the_contract_that_decided_and_counted(
    service: Service, asked: Asked, released: Store
) -> None:
    identifier = service.decide(asked[0]).json()["id"]
    deploy_versions(released, "v3.0.0")
    wait_until(lambda: service.get("/v1/version").json()["version"] == "v3.0.0", "v3.0.0")
    told = {"decision_id": identifier, "outcome": False, "observed_at": "2026-12-01T00:00:00Z"}
    now = service.get(f"/v1/decisions/{identifier}").json()["decided_at"]
    told["observed_at"] = now
    answers = [service.decide(told, "/v1/outcomes").json() for _ in range(2)]
    assert answers == [{"outcome": False, "observed_at": now, "label": "paid"}] * 2
    assert count(service, "service_outcomes_total") == 1
    assert 'service_outcomes_total{label="paid",outcome="false",version="v2.0.0"} 1.0' in service.get("/metrics").text
    refused = service.decide(told | {"outcome": "perhaps"}, "/v1/outcomes").json()
    assert refused["problems"][0]["expected"].startswith("paid: ")


def test_more_or_fewer_applications_under_a_used_key_are_refused_and_none_of_them_is_in_the_log(
    service: Service, asked: Asked
) -> None:
    def decide(*applications: dict[str, Any]) -> requests.Response:
        return service.decide({"applications": list(applications)}, "/v1/decisions/batch", idempotency_key="a")

    first = decide(*asked[:20])
    assert decide(*asked[:20]).json() == first.json()
    statuses = [decide(*other).status_code for other in (asked[:19], asked[:21], [asked[30], *asked[1:20]], asked[:1])]
    assert statuses == [409] * 4
    assert service.decide(asked[0], idempotency_key="a").status_code == 409, "one application is another request"
    again = {"applications": [{"protected": one["protected"], "application": one["application"]} for one in asked[:20]]}
    assert service.decide(again, "/v1/decisions/batch", idempotency_key="a").json() == first.json()
    assert len(list_identifiers(Database(f"sqlite:///{service.state}/decisions.db", read_only=True))) == 20


def test_the_same_key_on_two_instances_gives_one_decision_and_environments_keep_apart(
    released: Store, asked: Asked, tmp_path: Path, server: Cluster
) -> None:
    """Two services with a state each share PostgreSQL; a third one there is of another environment."""
    url = {"SERVICE_DATABASE_URL": server.url}
    with (
        run_service(released.url, tmp_path / "one", **url) as one,
        run_service(released.url, tmp_path / "other", **url) as other,
        run_service(released.url, tmp_path / "third", SERVICE_ENVIRONMENT="staging", **url) as third,
        ThreadPoolExecutor(16) as pool,
    ):
        for running in (one, other):
            running.wait()

        def ask(number: int) -> dict[str, Any]:
            body = {"applications": asked[number % 4 : number % 4 + 3]}
            sent = (one, other)[number % 8 // 4].decide(body, "/v1/decisions/batch", idempotency_key=f"k{number % 4}")
            assert sent.status_code == 200, sent.text
            answer: dict[str, Any] = sent.json()
            return answer

        answers = list(pool.map(ask, range(64)))
        for number in range(4):
            assert answers[number::4] == [answers[number]] * 16
        assert len(list_identifiers(Database(server.url))) == 4 * 3
        assert one.get("/v1/decided").json()["total"] == 12
        assert len(one.get("/v1/versions/v2.0.0/decisions").json()["decisions"]) == 12
        deploy_versions(released, "v2.0.0", environment="staging")
        third.wait()
        assert third.decide(asked[5], idempotency_key="k0").status_code == 200, "its keys are others"
        assert third.get("/v1/decided").json()["total"] == 1
        assert one.get("/v1/decided").json()["total"] == 12
        identifier = answers[0]["decisions"][0]["id"]
        path, outcome = f"/v1/decisions/{identifier}", {"decision_id": identifier, "outcome": True}
        review = {"decision": "approve", "reviewer": "analyst-7", "reason": "Asked elsewhere"}
        refused = [third.get(path), third.decide(review, path + "/review"), third.decide(outcome, "/v1/outcomes")]
        assert [answer.status_code for answer in refused] == [404] * 3
        assert "staging" in refused[0].json()["problems"][0]["expected"]
        known = one.get(path).json()
        assert (known["id"], known["outcome"], known["review"]) == (identifier, None, None)
        assert one.decide(outcome, "/v1/outcomes").status_code == 200
        assert other.decide(review, path + "/review").status_code == 200, "by another service of its environment"


def test_a_key_that_decides_does_not_review(released: Store, asked: Asked, tmp_path: Path) -> None:
    from service.commands.keys.make import make_key

    file = tmp_path / "keys.json"
    decide, review = make_key(file, "branch", ("decide",)), make_key(file, "analysts", ("review",))
    with run_service(released.url, tmp_path / "state", SERVICE_KEYS_FILE=str(file)) as service:
        identifier = service.wait().decide(asked[0], authorization=f"Bearer {decide}").json()["id"]
        url, told = (
            f"{service.url}/v1/decisions/{identifier}/review",
            {"decision": "approve", "reviewer": "a", "reason": "b"},
        )
        for key, status in ((decide, 403), (review, 200)):
            sent = requests.post(url, json=told, headers={"authorization": f"Bearer {key}"}, timeout=PATIENCE)
            assert sent.status_code == status
        assert service.decide(asked[0], authorization=f"Bearer {review}").status_code == 403
