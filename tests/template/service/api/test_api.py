"""The routes as clients see them."""

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from credit.bundle.bundle import load_bundle
from testing.parts.servers import PATIENCE, wait_until
from testing.services import Service

Asked = list[dict[str, Any]]


def changed(asked: dict[str, Any], **values: Any) -> dict[str, Any]:
    """An application with other values."""
    return {**asked, "application": {**asked["application"], **values}}


def problems(answer: requests.Response) -> list[tuple[str, str]]:
    """The fields that were refused, and what was found in each."""
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return [(one["field"], one["found"]) for one in answer.json()["problems"]]


def test_every_application_gets_the_decision_of_its_bundle(service: Service, asked: Asked, bundles: Any) -> None:
    """One at a time and in a batch, to the bit, with its reasons."""
    bundle = load_bundle(bundles("logistic"))
    expected = [
        (d.decision, d.score, list(d.reasons), d.decided_by)
        for d in bundle.decide([one["application"] for one in asked[:60]])
    ]
    assert {decision for decision, *_ in expected} == {"approve", "refer", "deny"}
    batch = service.decide({"applications": asked[:60]}, "/v1/decisions/batch").json()["decisions"]
    single = [service.decide(one).json() for one in asked[:60]]
    for answers in (batch, single):
        assert [(a["decision"], a["score"], a["reasons"], a["decided_by"]) for a in answers] == expected
    assert all(answer["reasons"] for answer in batch if answer["decision"] != "approve")


def test_reasons_come_in_the_language_that_is_preferred_and_their_codes_do_not_change(
    service: Service, asked: Asked
) -> None:
    denied = next(one for one in asked if service.decide(one).json()["decision"] == "deny")
    english = service.decide(denied).json()
    assert (english["language"], len(english["reason_codes"])) == ("en", len(english["reasons"]))
    for header, language in (
        ("es", "es"),
        ("fr, es-MX;q=0.7, en;q=0.2", "es"),
        ("en-GB, es", "en"),
        ("fr", "en"),
        ("es;q=0, de", "en"),
        (",;q=x,=", "en"),
    ):
        for path, body in (("/v1/decisions", denied), ("/v1/decisions/batch", {"applications": [denied]})):
            answer = service.decide(body, path, Accept_Language=header).json()
            told = answer.get("decisions", [answer])[0]
            assert (told["language"], told["reason_codes"]) == (language, english["reason_codes"]), header
            assert (told["reasons"] == english["reasons"]) is (language == "en")
            looked_up = service.get(f"/v1/decisions/{told['id']}").json()
            assert {name: looked_up[name] for name in told} == told


def test_the_score_does_not_depend_on_protected_attributes(service: Service, asked: Asked) -> None:
    for one in asked[:20]:
        answers = [
            service.decide({**one, "protected": protected}).json()
            for protected in ({}, {"race": None}, {"race": "white"}, {"race": "Black"})
        ]
        assert len({(a["decision"], a["score"], tuple(a["reasons"])) for a in answers}) == 1
    refused = service.decide(changed(asked[0], race="white"))
    assert problems(refused) == [("application.race", "an unknown field")]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"income": "12"}, ("application.income", "'12'")),
        ({"income": -1}, ("application.income", "-1")),
        ({"income": 1e400}, ("application.income", "a number that is not finite")),
        ({"points": 700.5}, ("application.points", "700.5")),
        ({"points": True}, ("application.points", "true")),
        ({"points": 851}, ("application.points", "851")),
        ({"home": "castle"}, ("application.home", "'castle'")),
        ({"self": None}, ("application.self", "null")),
        ({"self": 1}, ("application.self", "1")),
        ({"income": []}, ("application.income", "a list of 0")),
        ({"action": 1}, ("application.action", "an unknown field")),
        ({"paid": True}, ("application.paid", "an unknown field")),
        ({"bureau_1": "x"}, ("application.bureau_1", "'x'")),
        ({"bureau_9": "x"}, ("application.bureau_9", "'x'")),
        ({"bureau_9": {}}, ("application.bureau_9", "an object")),
        ({"bureau_x": 1}, ("application.bureau_x", "an unknown field")),
    ],
)
def test_what_the_contract_does_not_allow_is_named(
    service_of_many: Service, asked: Asked, values: dict[str, Any], found: tuple[str, str]
) -> None:
    assert problems(service_of_many.decide(changed(asked[0], **values))) == [found]
    answer = service_of_many.decide({"applications": [asked[1], changed(asked[0], **values)]}, "/v1/decisions/batch")
    assert problems(answer) == [(f"applications.1.{found[0]}", found[1])]


def test_all_that_is_wrong_is_told_at_once_and_says_what_is_allowed(service_of_many: Service, asked: Asked) -> None:
    wrong = changed(asked[0], income=float("nan"), points=1) | {"protected": {"race": ["green"]}, "more": 1}
    del wrong["application"]["self"]
    answer = service_of_many.decide(wrong)
    assert sorted(problems(answer)) == [
        ("application.income", "a number that is not finite"),
        ("application.points", "1"),
        ("application.self", "nothing"),
        ("more", "an unknown field"),
        ("protected.race", "a list of 1"),
    ]
    expected = {one["field"]: one["expected"] for one in answer.json()["problems"]}
    told = "a whole number of at least 300 and of at most 850, or null if it is not known"
    assert expected["application.points"] == told
    words = "a text of at most 200 characters, a number, true, false, or null if it is not known"
    assert expected["protected.race"] == words


def test_a_whole_number_may_have_a_point(service_of_many: Service, asked: Asked) -> None:
    answers = [service_of_many.decide(changed(asked[0], points=points)).json() for points in (700, 700.0)]
    assert answers[0]["score"] == answers[1]["score"]


def test_a_member_of_a_family_that_the_model_does_not_read_is_taken(service_of_many: Service, asked: Asked) -> None:
    answer = service_of_many.decide(changed(asked[0], bureau_9=1.5))
    assert service_of_many.get(f"/v1/decisions/{answer.json()['id']}").json()["inputs"]["bureau_9"] == 1.5


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"application": {}}', b"{" * 100_000])
def test_a_body_that_is_none_is_refused(service_of_many: Service, body: bytes) -> None:
    assert service_of_many.decide(body).status_code == 422


def test_bodies_and_batches_have_a_limit(service_of_many: Service, asked: Asked) -> None:
    assert service_of_many.decide(b" " * 2_000_001).status_code == 413
    endless = requests.post(
        f"{service_of_many.url}/v1/decisions",
        (b" " * 100_000 for _ in range(30)),
        headers={"content-type": "application/json"},
        timeout=PATIENCE,
    )
    assert endless.status_code == 413
    answer = service_of_many.decide({"applications": asked[:1] * 1001}, "/v1/decisions/batch")
    assert problems(answer) == [("applications", "a list of 1001")]
    assert problems(service_of_many.decide({"applications": []}, "/v1/decisions/batch"))
    assert service_of_many.decide({"applications": asked[:1] * 1000}, "/v1/decisions/batch").status_code == 200


def test_of_very_much_that_is_wrong_the_first_is_listed_and_no_more_looked_for(
    service_of_many: Service, asked: Asked
) -> None:
    """An answer does not grow with what somebody makes up, and one application may not be as large as a batch."""
    empty = service_of_many.decide({"applications": [{"application": {}}] * 1000}, "/v1/decisions/batch")
    assert len(problems(empty)) == 101
    assert problems(empty)[-1] == ("the body", "more than 100 problems; the rest was not looked at")
    many = changed(asked[0], **{f"x{number}": 1 for number in range(900)})
    assert problems(service_of_many.decide(many))[100:] == problems(empty)[100:]
    many = b'{"application":{' + b",".join(b'"x%d":1' % number for number in range(19_000)) + b"}}"
    ((field, found),) = problems(service_of_many.decide(many))
    assert (field, found.startswith("more than ")) == ("the body", True)
    assert service_of_many.decide({"application": {"x": "x" * 200_000}}).status_code == 413


def test_a_client_that_goes_away_in_the_middle_is_no_failure(service: Service) -> None:
    port = int(service.url.rsplit(":", 1)[1])
    for path in ("/v1/decisions", "/v1/decisions/batch"):
        with socket.create_connection(("127.0.0.1", port)) as client:
            head = (
                f"POST {path} HTTP/1.1\r\nhost: [::1]\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n"
            )
            client.sendall(head.encode() + b'{"applic')
            time.sleep(0.2)
    wait_until(lambda: 'refused_requests_total{status="400"} 2.0' in service.get("/metrics").text, "the clients' end")
    assert "ERROR" not in service.log.read_text()


def test_other_content_and_other_routes_are_refused_in_the_same_form(service_of_many: Service) -> None:
    assert service_of_many.decide(b"{}", content_type="text/plain").status_code == 415
    paths = {
        "/v1/nothing": 404,
        "/v1/decisions": 405,
        f"/v1/decisions/{'0' * 32}": 404,
        "/v1/decisions/x": 404,
        "/v1/decisions/batch": 405,
    }
    for path, status in paths.items():
        answer = service_of_many.get(path)
        assert answer.status_code == status
        assert answer.json()["status"] == status


def test_every_answer_has_the_headers_that_browsers_heed(service_of_many: Service) -> None:
    for path in ("/v1/version", "/nothing", "/health/live", "/docs"):
        headers = service_of_many.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_a_repeated_request_gets_the_decision_of_then(service: Service, asked: Asked) -> None:
    first = service.decide(asked[0], idempotency_key="one")
    again = service.decide(asked[0], idempotency_key="one")
    assert again.json() == first.json()
    assert service.decide(asked[0]).json()["id"] != first.json()["id"]
    assert service.decide(asked[1], idempotency_key="one").status_code == 409
    batch = [service.decide({"applications": asked[:3]}, "/v1/decisions/batch", idempotency_key="b") for _ in range(2)]
    assert batch[0].json() == batch[1].json()
    assert len({one["id"] for one in batch[0].json()["decisions"]}) == 3
    assert service.decide(asked[0], idempotency_key="é").status_code == 422


def test_what_became_of_a_decision_is_kept_with_it(service: Service, asked: Asked) -> None:
    identifier = service.decide(asked[0]).json()["id"]
    path = f"/v1/decisions/{identifier}"
    assert service.get(path).json()["outcome"] is None
    told = {"decision_id": identifier, "outcome": False}
    assert service.decide(told, "/v1/outcomes").status_code == 200
    assert service.decide(told | {"outcome": True}, "/v1/outcomes").status_code == 200
    assert service.get(path).json()["outcome"]["outcome"] is True
    assert "protected" not in service.get(path).json()
    assert problems(service.decide(told | {"outcome": "perhaps"}, "/v1/outcomes")) == [("outcome", "'perhaps'")]
    early = told | {"observed_at": "2001-01-01T00:00:00Z"}
    assert service.decide(early, "/v1/outcomes").status_code == 409
    assert service.decide(told | {"decision_id": "0" * 32}, "/v1/outcomes").status_code == 404


def test_figures_count_decisions_and_groups(service: Service, asked: Asked) -> None:
    for one in asked[:10]:
        service.decide(one)
    figures = dict(line.rsplit(" ", 1) for line in service.get("/metrics").text.splitlines() if line[0] != "#")
    by = {name: float(value) for name, value in figures.items()}
    assert sum(value for name, value in by.items() if name.startswith("service_decisions_total")) == 10
    groups = {name: value for name, value in by.items() if name.startswith("service_group_decisions_total")}
    assert all(value % 5 == 0 for value in groups.values())
    assert by["service_decision_seconds_count"] == 10
    assert by["service_ledger_entry"] == 2
    assert by['service_problem{what="store"}'] == 0


def test_the_documentation_has_the_fields_of_the_live_version_and_examples_that_work(service: Service) -> None:
    content = service.get("/openapi.json").json()
    body = content["paths"]["/v1/decisions"]["post"]["requestBody"]["content"]["application/json"]
    assert content["components"]["schemas"]["Application"]["properties"]["points"]["anyOf"][0]["maximum"] == 850
    assert service.decide(body["example"]).status_code == 200
    batch = content["paths"]["/v1/decisions/batch"]["post"]["requestBody"]["content"]["application/json"]
    assert service.decide(batch["example"], "/v1/decisions/batch").status_code == 200
    page = service.get("/docs").text
    assert "http://" not in page
    assert "https://" not in page


def test_operations_and_models_of_the_api_have_names_that_a_client_can_use(service: Service) -> None:
    content = service.get("/openapi.json").json()
    operations = {
        (method, path): operation["operationId"]
        for path, methods in content["paths"].items()
        for method, operation in methods.items()
    }
    assert operations == {
        ("post", "/v1/decisions"): "decide",
        ("post", "/v1/decisions/batch"): "decide_batch",
        ("get", "/v1/decisions/{decision_id}"): "look_up_decision",
        ("post", "/v1/decisions/{decision_id}/review"): "review_decision",
        ("post", "/v1/outcomes"): "report_outcome",
        ("get", "/v1/versions/{version}/decisions"): "list_version_decisions",
        ("get", "/v1/decided"): "summarize_live",
        ("get", "/v1/version"): "show_version",
        ("get", "/health/live"): "check_liveness",
        ("get", "/health/ready"): "check_readiness",
        ("get", "/metrics"): "show_metrics",
    }
    assert set(content["components"]["schemas"]) == {
        "Application",
        "BatchResponse",
        "DecidedGroup",
        "DecidedResponse",
        "ChallengerResponse",
        "DecisionListResponse",
        "DecisionRecordResponse",
        "DecisionRequest",
        "DecisionResponse",
        "DecisionReview",
        "FieldProblem",
        "HealthResponse",
        "ListedDecisionResponse",
        "OutcomeResponse",
        "ProtectedAttributes",
        "Refusal",
        "ReviewResponse",
        "SplitResponse",
        "VersionResponse",
    }


def test_the_process_log_has_nothing_about_applicants(service: Service, asked: Asked) -> None:
    secret = changed(asked[0], home="Eve Adams of 12 Main Street")
    assert service.decide(secret).status_code == 422
    service.decide(json.dumps(secret).encode()[:-3])
    service.decide(asked[0], idempotency_key="Eve")
    service.stop()
    assert "Eve" not in service.log.read_text()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"points":', '"points": 850, "points":'),
        lambda text: text.replace('"points":', '"p\\u006fints": 850, "points":'),
        lambda text: text.replace('"protected":', '"protected": {}, "protected" :'),
        lambda text: text.replace('"race":', '"race": "a: b", "race":'),
    ],
)
def test_a_key_that_an_object_has_twice_is_refused_by_name(
    service_of_many: Service, asked: Asked, change: Callable[[str], str]
) -> None:
    """Parsers disagree which of the values holds, so that two people would read two decisions out of one body."""
    one = change(json.dumps(asked[0]))
    for body, path in ((one, "/v1/decisions"), (f'{{"applications": [{one}]}}', "/v1/decisions/batch")):
        answer = service_of_many.decide(body.encode(), path)
        ((field, found),) = problems(answer)
        assert field in ("points", "protected", "race")
        assert found == "a duplicate key"


def test_colons_in_texts_are_no_keys(service_of_many: Service, asked: Asked) -> None:
    said = {**asked[0], "protected": {"race": 'a "b": \\ c: "'}}
    assert service_of_many.decide(said).status_code == 200
    assert service_of_many.decide({"applications": [said, said]}, "/v1/decisions/batch").status_code == 200


def test_a_key_twice_in_an_outcome_or_a_review_is_refused(service_of_many: Service, asked: Asked) -> None:
    identifier = service_of_many.decide(asked[0]).json()["id"]
    outcome = f'{{"decision_id": "{identifier}", "outcome": true, "outcome": false}}'
    assert problems(service_of_many.decide(outcome.encode(), "/v1/outcomes")) == [("outcome", "a duplicate key")]
    review = b'{"decision": "deny", "decision": "approve", "reviewer": "a", "reason": "b"}'
    answer = service_of_many.decide(review, f"/v1/decisions/{identifier}/review")
    assert problems(answer) == [("decision", "a duplicate key")]


def test_a_slash_at_the_end_and_head_ask_the_same(service_of_many: Service, asked: Asked) -> None:
    identifier = service_of_many.decide(asked[0], "/v1/decisions/").json()["id"]
    for path in ("/", "/v1/version", f"/v1/decisions/{identifier}", "/metrics", "/health/ready", "/docs"):
        there = service_of_many.get(path)
        for same in (path, f"{path.rstrip('/')}/"):
            got = requests.get(service_of_many.url + same, allow_redirects=False, timeout=PATIENCE)
            assert got.status_code == 200, same
            head = requests.head(service_of_many.url + same, timeout=PATIENCE)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-type"] == there.headers["content-type"]
            assert int(head.headers["content-length"]) > 0
    assert requests.head(service_of_many.url + "/v1/nothing", timeout=PATIENCE).status_code == 404
    assert requests.head(service_of_many.url + "/v1/outcomes", timeout=PATIENCE).status_code == 405


def test_many_clients_at_once_each_get_their_own_answer(service: Service, asked: Asked, bundles: Any) -> None:
    bundle = load_bundle(bundles("logistic"))
    expected = [d.score for d in bundle.decide([one["application"] for one in asked[:40]])]
    scores: dict[int, float] = {}

    def client(start: int) -> None:
        for i in range(start, 40, 8):
            scores[i] = service.decide(asked[i]).json()["score"]

    threads = [threading.Thread(target=client, args=(start,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [scores[i] for i in range(40)] == expected
