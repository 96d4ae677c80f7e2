"""Containers, run for real with podman."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from testing.parts.needs import require
from testing.parts.servers import PATIENCE, wait_until

IMAGE, WATCH_IMAGE = "localhost/credit-test-service", "localhost/credit-test-watch"
_SANDBOX = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
_CLIENT = f"""
import http.client, json, sys
method, path, headers = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
asked = http.client.HTTPConnection("127.0.0.1", int(sys.argv[4]), timeout={PATIENCE})
asked.request(method, path, sys.stdin.buffer.read() or None, headers)
got = asked.getresponse()
print(got.status, got.read().decode())
"""


class Answer(NamedTuple):
    """The answer to a request."""

    status: int
    text: str

    def json(self) -> Any:
        """Parse the body."""
        return json.loads(self.text)


class Podman:
    """Podman with settings for a machine without systemd and without a network of its own for containers."""

    def __init__(self, folder: Path) -> None:
        require("podman", "root")
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "containers.conf").write_text(_SANDBOX)

    def run(self, *arguments: str, check: bool = True, given: bytes = b"") -> "subprocess.CompletedProcess[str]":
        """Run one command of podman."""
        env = os.environ | {"CONTAINERS_CONF": str(self.folder / "containers.conf")}
        done = subprocess.run(["podman", *arguments], input=given, env=env, capture_output=True, check=False)
        answer = subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
        assert not check or done.returncode == 0, f"podman {' '.join(arguments)}\n{answer.stdout}{answer.stderr}"
        return answer


class Container:
    """A running service or watch, in a network of its own or in that of another one."""

    def __init__(self, podman: Podman, name: str, port: int) -> None:
        self._podman, self.name, self._port = podman, name, port

    def ask(self, path: str, body: Any = None, key: str | None = None) -> Answer:
        """Send a request from within."""
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
        method, given = ("GET", b"") if body is None else ("POST", json.dumps(body).encode())
        command = ["python", "-c", _CLIENT, method, path, json.dumps(headers), str(self._port)]
        answer = self._podman.run("exec", "--interactive", self.name, *command, check=False, given=given).stdout
        status, _, text = answer.partition(" ")
        return Answer(int(status or 0), text)

    def wait(self, path: str = "/health/ready") -> "Container":
        """Wait until it says that it is well: the service, that it decides."""

        def is_well() -> bool:
            assert self._read_state("Running") == "true", self.read_log()
            return self.ask(path).status == 200

        wait_until(is_well, "the container")
        return self

    def run_shell(self, command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in a shell inside."""
        return self._podman.run("exec", self.name, "sh", "-c", command, check=False)

    def is_healthy(self) -> bool:
        """Tell whether the health check of the image passes."""
        return self._podman.run("healthcheck", "run", self.name, check=False).returncode == 0

    def stop(self) -> int:
        """Stop the container as orchestrators do; return its exit code."""
        self._podman.run("stop", "--time", "60", self.name)
        return int(self._read_state("ExitCode"))

    def start(self) -> "Container":
        """Start the container again, with the same state."""
        self._podman.run("start", self.name)
        return self

    def read_log(self) -> str:
        """Read the log of the container."""
        answer = self._podman.run("logs", self.name, check=False)
        return answer.stdout + answer.stderr

    def _read_state(self, state: str) -> str:
        return self._podman.run("inspect", self.name, "--format", f"{{{{.State.{state}}}}}").stdout.strip()


@contextmanager
def run_container(podman: Podman, *options: str, beside: Container | None = None) -> Iterator[Container]:
    """Run the service as compose.yaml does: no privilege, writable /state and /tmp only; and without a network.

    `beside`: a service in whose network the watch is run instead.
    """
    name = f"credit-test-{uuid4().hex}"
    image, port, network = (WATCH_IMAGE, 8001, f"container:{beside.name}") if beside else (IMAGE, 8000, "none")
    closed = ["--read-only", "--read-only-tmpfs=false", "--tmpfs=/tmp", "--cap-drop=ALL", f"--network={network}"]
    closed += ["--security-opt=no-new-privileges", f"--name={name}", "--detach"]
    try:
        podman.run("run", *closed, *options, image)
        yield Container(podman, name, port)
    finally:
        podman.run("rm", "--force", "--time=0", "--volumes", "--ignore", name)
