"""The whole application in this process, where its models, its event loop and its memory can be looked at."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

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
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url + path, timeout=PATIENCE)

    def post(self, path: str, json: Any) -> requests.Response:
        return requests.post(self.url + path, json=json, timeout=PATIENCE)


class Application(NamedTuple):
    """The running application: a client of it, its follower and its event loop."""

    client: Client
    follower: Follower
    loop: asyncio.AbstractEventLoop


ServeModel = Callable[[Callable[[Sequence[Any]], list[Decision]]], Client]


@pytest.fixture
def model_seconds() -> str:
    """How long its model may take: on a busy machine, which no test is about, the rule would decide now and then."""
    return "10"


@pytest.fixture
def application(
    released: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model_seconds: str
) -> Iterator[Application]:
    """The application with the version that is live in the store."""
    followers: list[Follower] = []
    loops: list[asyncio.AbstractEventLoop] = []

    class KnownFollower(Follower):
        def __init__(self, *values: Any) -> None:
            super().__init__(*values)
            followers.append(self)

    settings = {"STATE": str(tmp_path / "state"), "POLL_SECONDS": "60", "MODEL_SECONDS": model_seconds}
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

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    wait_until(lambda: server.started, "the service")
    wait_until(lambda: followers[0].serving is not None, "a version")
    yield Application(Client(port), followers[0], loops[0])
    server.should_exit = True
    thread.join(PATIENCE)


@pytest.fixture
def serve_model(application: Application, with_model: WithModel) -> ServeModel:
    """The application, which decides by a model that does as it is told to."""

    def serve(deciding: Callable[[Sequence[Any]], list[Decision]]) -> Client:
        application.follower.serving = with_model(deciding)
        return application.client

    return serve
