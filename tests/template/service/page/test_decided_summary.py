"""What the live version decided so far, as JSON, and the list of what a version decided: by a service that runs."""

from collections import Counter
from typing import Any

from credit.registry.ledger import Ledger
from credit.registry.store import Store
from release.deployment.apply import apply_change
from release.deployment.plan import plan_fallback
from testing.parts.servers import wait_until
from testing.releases import WHY, deploy_versions
from testing.services import Service

Asked = list[dict[str, Any]]


def decide(service: Service, asked: Asked) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = service.decide({"applications": asked}, "/v1/decisions/batch").json()["decisions"]
    return answers


def test_it_counts_what_the_live_entry_decided_and_nothing_before_it(
    service: Service, asked: Asked, released: Store
) -> None:
    empty = service.get("/v1/decided").json()
    assert (empty["total"], empty["first"], empty["version"], empty["problems"]) == (0, None, "v2.0.0", [])
    assert empty["limit"] == 0.8, "that of the policy in the bundle"
    answers = decide(service, asked[:60])
    told = service.get("/v1/decided").json()
    expected = Counter(answer["decision"] for answer in answers)
    assert told["decisions"] == {kind: expected[kind] for kind in ("approve", "refer", "deny")}
    assert (told["total"], told["by_rule"], told["entry"]) == (60, 0, 2)
    people = Counter(one["protected"]["race"] for one in asked[:60])
    groups = {one["group"]: one for one in told["groups"]}
    assert {one["attribute"] for one in told["groups"]} == {"race"}
    assert {people[None] < 5} == {groups["undisclosed"]["people"] == "fewer than 5"}
    apply_change(released, plan_fallback(Ledger(released, "prod"), WHY))
    wait_until(lambda: service.get("/v1/version").json()["kind"] == "fallback", "the rule")
    decide(service, asked[:3])
    told = service.get("/v1/decided").json()
    assert (told["total"], told["by_rule"], told["entry"]) == (3, 3, 3)
    assert [one["people"] for one in told["groups"]] == ["fewer than 5"] * 3, "nobody is shown by a count of three"
    listed = service.get("/v1/versions/v2.0.0/decisions").json()
    assert len(listed["decisions"]) == 63, "the rule beside the version is part of it"


def test_the_list_has_what_a_version_decided_with_what_it_takes_to_decide_again(
    service: Service, asked: Asked, released: Store
) -> None:
    answers = [service.decide(asked[0], Idempotency_Key="case-17").json(), *decide(service, asked)]
    deploy_versions(released, "v3.0.0")
    wait_until(lambda: service.get("/v1/version").json()["version"] == "v3.0.0", "v3.0.0")
    decide(service, asked[:5])
    page = service.get("/v1/versions/v2.0.0/decisions").json()
    assert (page["next"], page["spooled"]) == (None, 0)
    assert {one["id"] for one in page["decisions"]} == {answer["id"] for answer in answers}
    first = page["decisions"][0]
    assert {name: first[name] for name in answers[0]} == answers[0]
    assert first["inputs"] == asked[0]["application"]
    assert (first["caller"], len(first["idempotency_key"])) == ("anybody", 64)
    assert "protected" not in first
    after = service.get(f"/v1/versions/v2.0.0/decisions?after={page['decisions'][-2]['id']}").json()
    assert [one["id"] for one in after["decisions"]] == [page["decisions"][-1]["id"]]
    assert service.get("/v1/versions/v9.9.9/decisions").json()["decisions"] == []
    assert service.get(f"/v1/versions/v2.0.0/decisions?after={'0' * 32}").status_code == 404
    assert service.get("/v1/versions/latest/decisions").status_code == 422


def count_bars(service: Service) -> int:
    """Count the parts of the bar of outcomes."""
    return service.get("/").text.partition('<div class="stack"')[2].partition("</div>")[0].count("<span")


def test_the_bar_of_outcomes_has_no_part_that_did_not_happen(service: Service, asked: Asked) -> None:
    """A part without width would have a gap beside it."""
    decide(service, asked[:1])
    wait_until(lambda: "<span>1 of 1</span>" in service.get("/").text, "one decision")
    assert count_bars(service) == 1


def test_that_nobody_was_approved_is_a_problem_for_who_is_on_call(
    service: Service, asked: Asked, released: Store
) -> None:
    """No ratio of groups tells it, for there is none."""
    answers = decide(service, asked)
    worst = next(one for one, answer in zip(asked, answers, strict=True) if answer["decision"] == "deny")
    assert service.get("/v1/decided").json()["problems"] == []
    deploy_versions(released, "v3.0.0")
    wait_until(lambda: service.get("/v1/version").json()["version"] == "v3.0.0", "v3.0.0")
    decide(service, [worst] * 30)
    told = service.get("/v1/decided").json()
    assert told["decisions"] == {"approve": 0, "refer": 0, "deny": 30}
    said = "nobody was approved: 30 of 30 denied, 0 referred; no group can be compared with another"
    assert told["problems"] == [said]
