"""A model that fails or hangs shows where people look: in health, in the metrics and on the page."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from credit.scoring.model import Decision
from testing.parts.servers import PATIENCE, wait_until
from tests.template.service.deciding.in_process import ServeModel


def approve(_: Sequence[Any]) -> list[Decision]:
    return [Decision("approve", 0.9, (), "model")]


def test_a_model_that_fails_is_in_health_metrics_and_page(serve_model: ServeModel, asked: list[dict[str, Any]]) -> None:
    def fail(_: Sequence[Any]) -> list[Decision]:
        raise MemoryError

    client = serve_model(approve)
    assert client.get("/health/ready").json()["problems"] == []
    assert 'service_problem{what="model_failed"} 0.0' in client.get("/metrics").text
    assert client.post("/v1/decisions", json=asked[0]).json()["decided_by"] == "model"
    serve_model(fail)
    assert client.post("/v1/decisions", json=asked[0]).json()["rule_because"] == "the model failed (MemoryError)"
    health = client.get("/health/ready").json()
    said = "the model failed on 1 of 2 applications in the last minute, and the rule decided in its place"
    assert (health["status"], health["problems"]) == ("degraded", [said])
    assert 'service_problem{what="model_failed"} 1.0' in client.get("/metrics").text
    assert said.capitalize() in client.get("/").text


@pytest.mark.parametrize("model_seconds", ["0.5"])
def test_an_open_circuit_is_in_health_metrics_and_page_until_it_closes(
    serve_model: ServeModel, asked: list[dict[str, Any]]
) -> None:
    let_go = threading.Event()

    def hang(rows: Sequence[Any]) -> list[Decision]:
        assert let_go.wait(PATIENCE)
        return approve(rows)

    client = serve_model(hang)
    assert client.get("/health/ready").json()["circuits"] == {"one": "closed", "batch": "closed"}
    assert 'service_circuit_open{lane="one"} 0.0' in client.get("/metrics").text
    while (health := client.get("/health/ready").json())["circuits"]["one"] == "closed":
        # who asks first may be late before the model has begun
        assert client.post("/v1/decisions", json=asked[0]).json()["decided_by"] == "rule"
    assert health["circuits"] == {"one": "open", "batch": "closed"}
    assert "the model is left alone because it is too slow; until it is not, the rule decides" in health["problems"]
    shown = client.get("/metrics").text
    assert 'service_circuit_open{lane="one"} 1.0' in shown
    assert 'service_circuit_open{lane="batch"} 0.0' in shown
    assert "The model is left alone because it is too slow" in client.get("/").text
    let_go.set()
    wait_until(lambda: client.post("/v1/decisions", json=asked[0]).json()["decided_by"] == "model", "the model")
    assert client.get("/health/ready").json()["circuits"] == {"one": "closed", "batch": "closed"}
    assert 'service_circuit_open{lane="one"} 0.0' in client.get("/metrics").text
