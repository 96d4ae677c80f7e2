"""The image, built and run for real with podman. This machine's settings for reaching packages stay out of it."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from testing.parts.needs import require
from testing.parts.servers import PATIENCE, wait_until

BASE, IMAGE = "localhost/credit-test-base:bookworm", "localhost/credit-test-service"
_PACKAGES = "--include=python3,python3-venv,python3-pip,ca-certificates"
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
asked = http.client.HTTPConnection("127.0.0.1", 8000, timeout={PATIENCE})
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
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "containers.conf").write_text(_SANDBOX)

    def run(self, *arguments: str, check: bool = True, given: bytes = b"") -> "subprocess.CompletedProcess[str]":
        """Run one command of podman."""
        env = os.environ | {"CONTAINERS_CONF": str(self._folder / "containers.conf")}
        done = subprocess.run(["podman", *arguments], input=given, env=env, capture_output=True, check=False)
        answer = subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
        assert not check or done.returncode == 0, f"podman {' '.join(arguments)}\n{answer.stdout}{answer.stderr}"
        return answer

    def make_base(self) -> None:
        """Make a Debian with Python, unless it exists: no registry of images is asked. Needs root."""
        if self.run("image", "exists", BASE, check=False).returncode == 0:
            return
        root = self._folder / "root"
        subprocess.run(["debootstrap", "--variant=minbase", _PACKAGES, "bookworm", root], check=True)
        subprocess.run(["tar", "-C", root, "-cf", root.with_suffix(".tar"), "."], check=True)
        self.run("import", str(root.with_suffix(".tar")), BASE)
        shutil.rmtree(root)
        root.with_suffix(".tar").unlink()

    def build(self, context: Path) -> None:
        """Build the image; layers of the same files as the last time are taken again, others are removed."""
        last = self.run("images", "--quiet", "--no-trunc", IMAGE).stdout
        secrets = [f"--secret=id={file.name},src={file}" for file in list_package_sources(self._folder / "packages")]
        options = ["--network=host", "--format=docker", f"--build-arg=BASE_IMAGE={BASE}", f"--tag={IMAGE}", *secrets]
        self.run("build", *options, str(context))
        if last and last != self.run("images", "--quiet", "--no-trunc", IMAGE).stdout:
            self.run("rmi", last.strip(), check=False)


class Container:
    """A running service, in a network of its own."""

    def __init__(self, podman: Podman, name: str) -> None:
        self._podman, self._name = podman, name

    def ask(self, path: str, body: Any = None, key: str | None = None) -> Answer:
        """Send a request from within."""
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
        method, given = ("GET", b"") if body is None else ("POST", json.dumps(body).encode())
        command = ["python", "-c", _CLIENT, method, path, json.dumps(headers)]
        answer = self._podman.run("exec", "--interactive", self._name, *command, check=False, given=given).stdout
        status, _, text = answer.partition(" ")
        return Answer(int(status or 0), text)

    def wait(self) -> "Container":
        """Wait until the service says that it decides."""

        def decides() -> bool:
            assert self._read_state("Running") == "true", self.read_log()
            return self.ask("/health/ready").status == 200

        wait_until(decides, "the container")
        return self

    def run_shell(self, command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in a shell inside."""
        return self._podman.run("exec", self._name, "sh", "-c", command, check=False)

    def is_healthy(self) -> bool:
        """Tell whether the health check of the image passes."""
        return self._podman.run("healthcheck", "run", self._name, check=False).returncode == 0

    def stop(self) -> int:
        """Stop the container as orchestrators do; return its exit code."""
        self._podman.run("stop", "--time", "60", self._name)
        return int(self._read_state("ExitCode"))

    def start(self) -> "Container":
        """Start the container again, with the same state."""
        self._podman.run("start", self._name)
        return self

    def read_log(self) -> str:
        """Read the log of the container."""
        answer = self._podman.run("logs", self._name, check=False)
        return answer.stdout + answer.stderr

    def _read_state(self, state: str) -> str:
        return self._podman.run("inspect", self._name, "--format", f"{{{{.State.{state}}}}}").stdout.strip()


@contextmanager
def run_container(podman: Podman, *options: str) -> Iterator[Container]:
    """Run the image as compose.yaml does: no privilege, writable /state and /tmp only; and without a network."""
    name = f"credit-test-{uuid4().hex}"
    closed = ["--read-only", "--read-only-tmpfs=false", "--tmpfs=/tmp", "--cap-drop=ALL", "--network=none"]
    closed += ["--security-opt=no-new-privileges", f"--name={name}", "--detach"]
    try:
        podman.run("run", *closed, *options, IMAGE)
        yield Container(podman, name)
    finally:
        podman.run("rm", "--force", "--time=0", "--volumes", "--ignore", name)


def list_package_sources(folder: Path) -> list[Path]:
    """List settings for pip in the build: an index and the authority that it is trusted by, if set."""
    folder.mkdir(parents=True, exist_ok=True)
    answer = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    pairs = [line.partition("=") for line in answer.stdout.splitlines()]
    here = {name.rsplit(".", 1)[-1]: ast.literal_eval(value) for name, _, value in pairs}
    kept: dict[str, str] = {name: here[name] for name in ("index-url", "trusted-host") if name in here}
    files = [folder / "pip.conf"]
    if "cert" in here:
        shutil.copy(here["cert"], folder / "ca.pem")
        files.append(folder / "ca.pem")
        kept["cert"] = "/run/secrets/ca.pem"
    files[0].write_text("\n".join(["[global]", *(f"{name} = {value}" for name, value in kept.items()), ""]))
    return files
