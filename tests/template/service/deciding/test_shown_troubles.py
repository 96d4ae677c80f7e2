"""A model that fails or hangs shows where people look: in health, in the metrics and on the page."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn

from credit.registry.store import Store
from credit.scoring.model import Decision
from service import app
from service.connections.tls import make_protocol
from service.engine.follower import Follower
from service.settings import load_settings
from testing.parts.servers import PATIENCE, find_free_ports, wait_until
from tests.template.service.deciding.deciders import WithModel


class Client:
    """A client of the application."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def get(self, path: str) -> requests.Response:
        return requests.get(self._url + path, timeout=PATIENCE)

    def post(self, path: str, json: Any) -> requests.Response:
        return requests.post(self._url + path, json=json, timeout=PATIENCE)


ServeModel = Callable[[Callable[[Sequence[Any]], list[Decision]]], Client]


@pytest.fixture
def serve_model(
    released: Store, with_model: WithModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ServeModel]:
    """The whole application in this process, which decides by a model that does as it is told to."""
    made: list[Follower] = []

    class KnownFollower(Follower):
        def __init__(self, *values: Any) -> None:
            super().__init__(*values)
            made.append(self)

    settings = {"STATE": str(tmp_path / "state"), "POLL_SECONDS": "60", "MODEL_SECONDS": "0.5"}
    for name, value in settings.items():
        monkeypatch.setenv(f"SERVICE_{name}", value)
    monkeypatch.setenv("RELEASE_STORE", released.url)
    monkeypatch.setattr(app, "Follower", KnownFollower)
    (port,) = find_free_ports(1)
    config = uvicorn.Config(
        app.create(load_settings()),  # type: ignore[arg-type]
        port=port,
        http=make_protocol,  # type: ignore[arg-type]
        ws="none",
        log_config=None,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, "the service")
    (follower,) = made
    wait_until(lambda: follower.serving is not None, "a version")

    def serve(deciding: Callable[[Sequence[Any]], list[Decision]]) -> Client:
        follower.serving = with_model(deciding)
        return Client(port)

    yield serve
    server.should_exit = True
    thread.join(PATIENCE)


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
    assert client.post("/v1/decisions", json=asked[0]).json()["decided_by"] == "rule"
    health = client.get("/health/ready").json()
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
