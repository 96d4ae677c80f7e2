"""The service as a process of its own on loopback, as operators run it, and a small lender's to start with."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from credit.registry.names import parse_version
from credit.registry.store import Store
from credit.registry.versions import publish_bundle
from testing.parts.servers import PATIENCE, find_free_ports, wait_until
from testing.releases import deploy_versions
from testing.warm.processes import WarmProcess

ROOT = Path(__file__).parent.parent
_LABELS = ("paid", "race")


class Service:
    """A running service; `state` outlives it. `files`: how many it may open.

    It starts warm, in a third of the time. With workers of its own or few files it starts cold, as operators start it.

    Its model has much time: on a busy machine the rule would decide now and then.
    """

    def __init__(self, store: str, state: Path, files: int | None = None, **settings: str) -> None:
        self.store, self._files = store, files
        (port,) = find_free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self.state = state
        state.mkdir(parents=True, exist_ok=True)
        own = {"RELEASE_STORE": store, "SERVICE_STATE": str(state), "SERVICE_PORT": str(port)}
        usual = {"PYTHONPATH": str(ROOT), "SERVICE_POLL_SECONDS": "0.1", "SERVICE_MODEL_SECONDS": "10"}
        self._env = os.environ | usual | own | settings
        self.log = state / "process.log"
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes] | WarmProcess":
        command = ["-m", "service", "serve"]
        with self.log.open("ab") as log:
            if self._files or "COLD" in self._env or self._env.get("SERVICE_WORKERS", "1") != "1":
                cold = [sys.executable, *command]
                return subprocess.Popen(
                    cold, env=self._env, stdout=log, stderr=log, cwd=self.state, preexec_fn=self._limit_files
                )
            return WarmProcess(command, self.state, self._env, log)

    def _limit_files(self) -> None:
        if self._files is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self._files, self._files))

    def wait(self, status: str = "ok") -> "Service":
        """Wait until it reports that it is ready: ok, degraded or dark."""
        wait_until(lambda: self.read_health().get("status") == status, f"the service, {status}", self.process)
        return self

    def read_health(self) -> dict[str, Any]:
        """Read the health that it reports; empty while it does not answer."""
        try:
            content: dict[str, Any] = requests.get(f"{self.url}/health/ready", timeout=PATIENCE).json()
        except requests.RequestException:
            return {}
        return content

    def decide(self, body: Any, path: str = "/v1/decisions", **headers: str) -> requests.Response:
        """Ask for a decision; `body` is sent as JSON, or as it is when it is bytes."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(self.url + path, content, headers=sent, timeout=PATIENCE)

    def get(self, path: str, **headers: str) -> requests.Response:
        """Get any other path."""
        return requests.get(self.url + path, headers=headers, timeout=PATIENCE)

    def kill(self) -> None:
        """Kill it as the system does when there is no memory left."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> "Service":
        """Start it again with the same state, at the same place."""
        self.process = self._start()
        return self

    def stop(self) -> int:
        """Stop it as operators do; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@contextmanager
def run_service(store: str, state: Path, files: int | None = None, **settings: str) -> Iterator[Service]:
    """Run a service until the block ends, without waiting for it: `.wait()` does that."""
    service = Service(store, state, files, **settings)
    try:
        yield service
    finally:
        service.kill()


@pytest.fixture(scope="session")
def released_once(bundles: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store with three versions, of which two were deployed. It is copied, never changed."""
    folder = tmp_path_factory.mktemp("released") / "store"
    store = Store(str(folder))
    for version, candidate in (("v1.0.0", "heuristic"), ("v2.0.0", "logistic"), ("v3.0.0", "random_forest")):
        publish_bundle(store, parse_version(version), bundles(candidate), "0" * 40, "tester")
    deploy_versions(store, "v1.0.0", "v2.0.0")
    return folder


@pytest.fixture
def released(released_once: Path, disk: Store) -> Store:
    """v1.0.0 is the rule, v2.0.0 the logistic regression, v3.0.0 the forest; v2.0.0 is live in prod, after v1.0.0."""
    shutil.copytree(released_once, disk.url, dirs_exist_ok=True)
    return disk


@pytest.fixture
def asked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Applications as clients send them: whole, with the protected attribute in a block of its own."""
    return [
        {"application": {k: v for k, v in row.items() if k not in _LABELS}, "protected": {"race": row["race"]}}
        for row in rows
    ]


@pytest.fixture
def service(released: Store, tmp_path: Path) -> Iterator[Service]:
    """The service, ready."""
    with run_service(released.url, tmp_path / "state") as running:
        yield running.wait()
