"""Three services on one PostgreSQL behind a real balancer: restarts, a kill and a rollback lose no request."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from sqlalchemy import create_engine, text

from credit.registry.store import Store
from release.__main__ import main
from testing.lenders.frozen import ROOT
from testing.load import Load
from testing.parts.servers import PATIENCE, Cluster, find_free_ports, wait_until
from testing.services import Service, run_service

MORE, PAUSE = 20, 0.03
"""Decisions between two steps, of all three instances together, and seconds between those of a client: people come at
each moment, and not as many as can be answered."""


class Balancer:
    """Caddy with the file of deploy/caddy, and a client that sends an idempotency key with each application."""

    def __init__(self, instances: list[Service], folder: Path) -> None:
        (port,) = find_free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        addresses = " ".join(one.url.removeprefix("http://") for one in instances)
        named = {"DECISIONS_ADDRESS": self.url, "DECISIONS_INSTANCES": addresses, "HOME": str(folder)}
        command = ["caddy", "run", "--adapter=caddyfile", f"--config={ROOT / 'deploy/caddy/Caddyfile'}"]
        with (folder / "caddy.log").open("wb") as log:
            self.process = subprocess.Popen(command, env=os.environ | named, stdout=log, stderr=log, cwd=folder)

    def decide(self, body: Any) -> requests.Response:
        """Ask for a decision as a client does that may be asked to repeat itself."""
        time.sleep(PAUSE)
        keyed = {"Idempotency-Key": uuid4().hex}
        return requests.post(f"{self.url}/v1/decisions", json=body, headers=keyed, timeout=PATIENCE)

    def is_ready(self) -> bool:
        """Tell whether it passes requests on."""
        try:
            return requests.get(f"{self.url}/health/ready", timeout=PATIENCE).status_code == 200
        except requests.RequestException:
            return False


@contextmanager
def run_balancer(instances: list[Service], folder: Path) -> Iterator[Balancer]:
    balancer = Balancer(instances, folder)
    try:
        wait_until(balancer.is_ready, "the balancer", balancer.process)
        yield balancer
    finally:
        balancer.process.kill()
        balancer.process.wait()


@pytest.fixture
def instances(released: Store, server: Cluster, tmp_path: Path) -> Iterator[list[Service]]:
    """Three services with a state of their own and one database."""
    with ExitStack() as stack:
        started = [
            stack.enter_context(run_service(released.url, tmp_path / f"state-{n}", SERVICE_DATABASE_URL=server.url))
            for n in range(3)
        ]
        yield [one.wait() for one in started]


def roll_back(store: Store, instances: list[Service], monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Roll back as a person does, and wait until all instances follow."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/")
    monkeypatch.setenv("RELEASE_STORE", store.url)
    monkeypatch.setenv("RELEASE_ACTOR", "on call")
    monkeypatch.setenv("RELEASE_SERVICE_URL", ",".join(one.url for one in instances))
    with pytest.raises(SystemExit) as ended:
        main(["rollback", "--env", "prod", "--reason", "a test", "--wait", str(PATIENCE)])
    assert ended.value.code == 0


def test_a_rolling_restart_a_kill_and_a_rollback_under_load_lose_nothing_and_decide_everybody_once(
    instances: list[Service],
    released: Store,
    server: Cluster,
    asked: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with run_balancer(instances, tmp_path) as balancer:
        with Load(balancer, asked).run_clients(3) as load:
            load.wait_for(MORE)
            for instance in instances:
                assert instance.stop() in {0, -signal.SIGTERM}  # uvicorn ends by the signal, when all is done
                load.wait_for(MORE)
                instance.restart().wait()
            instances[0].kill()
            load.wait_for(MORE)
            instances[0].restart().wait()
            roll_back(released, instances, monkeypatch, tmp_path)
            load.wait_for(MORE)
        later = [balancer.decide(asked[0]).json()["version"] for _ in range(12)]
    assert (load.lost, load.refused) == (0, [])
    assert set(later) == {"v1.0.0"}, "all follow when the rollback says so"
    assert {answer["version"] for _, answer in load.answers} == {"v1.0.0", "v2.0.0"}
    ids = Counter(answer["id"] for _, answer in load.answers)
    assert set(ids.values()) == {1}
    with create_engine(server.url).connect() as connection:
        decided = connection.execute(text("SELECT id, writer FROM decisions WHERE repeat_of IS NULL")).all()
    assert len(decided) == len(load.answers) + len(later), "once, however often it was passed on"
    assert ids.keys() <= {row.id for row in decided}
    assert len({row.writer for row in decided}) >= 3, "all of them decide"
