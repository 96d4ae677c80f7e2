"""Real parts, started on loopback and ended by their process id."""

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from testing.parts.needs import find_postgres, require

KEYS = {"AWS_ACCESS_KEY_ID": "modeler", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}


PATIENCE = 1800
"""Seconds after which something hangs: no machine is so slow that a test gets there."""


class Process(Protocol):
    """What `wait_until` asks of a process: one of subprocess, or a warm one."""

    returncode: int | None

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""


_claims: deque[socket.socket] = deque()
"""What tells other processes of the ports that this one found last: a name for each, which ends with the process."""

_MOST_CLAIMS = 100
"""By then what was started at the oldest port has it, or has ended. A claim is an open file."""


def find_free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on, nor is about to: of two tests that found the same one, the second fails."""
    found: list[int] = []
    while len(found) < count:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        if port not in found and claim_port(port):
            found.append(port)
    return found


def claim_port(port: int) -> bool:
    """Claim a port among all tests on this machine; False where one has claimed it lately."""
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0tests-port-{port}")
    except OSError as error:  # any other than this one: a system without such names
        claim.close()
        return error.errno != errno.EADDRINUSE
    _claims.append(claim)
    if len(_claims) > _MOST_CLAIMS:
        _claims.popleft().close()
    return True


def wait_until(ready: Callable[[], bool], what: str, process: Process | None = None) -> None:
    """Poll. Raises AssertionError when the process ends, or after PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while not ready():
        assert process is None or process.poll() is None, f"{what} ended with {process and process.returncode}"
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE} s"
        time.sleep(0.1)


@contextmanager
def run_s3_server(folder: Path, buckets: str) -> Iterator[str]:
    """Run SeaweedFS with an S3 interface; yield its address. Credentials are KEYS."""
    names = ["master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc"]
    names += ["s3.port", "s3.port.grpc"]
    ports = dict(zip(names, find_free_ports(len(names)), strict=True))
    options = ["-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0", f"-bucket={buckets}"]
    command = [str(Path(sys.prefix) / "bin/weed"), "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    command += [*(f"-{name}={port}" for name, port in ports.items()), *options]
    with (folder / "weed.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=os.environ | KEYS)
    address = f"http://127.0.0.1:{ports['s3.port']}"
    try:
        wait_until(lambda: _has_buckets(address, buckets.split(",")), "the S3 server", process)
        yield address
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def make_s3_client(address: str) -> Any:
    """Make a client of the server."""
    import botocore.session

    session = botocore.session.get_session()
    session.set_credentials(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"])
    return session.create_client("s3", endpoint_url=address, region_name="us-east-1")


def _has_buckets(address: str, buckets: list[str]) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        there = {bucket["Name"] for bucket in make_s3_client(address).list_buckets()["Buckets"]}
    except (BotoCoreError, ClientError):
        return False
    return set(buckets) <= there


class Cluster:
    """A private PostgreSQL cluster that can be stopped, started again at the same port, and made to hang.

    `url`: its database in use, for SQLAlchemy; `make_database` makes one. `folder` has its socket.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        (self._port,) = find_free_ports(1)
        self._programs, self.folder, self._data = programs, folder, folder / "cluster"
        self._as_postgres: list[str] = []
        if os.geteuid() == 0:  # initdb refuses root
            self._as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            shutil.chown(folder, "postgres")
        options = ["--username", "modeler", "--auth", "trust", "--encoding", "UTF8"]
        self._run("initdb", "--pgdata", str(self._data), *options)
        self.url = ""

    def make_database(self, *options: str) -> str:
        """Make an empty database, with options of `createdb`; return its URL for SQLAlchemy."""
        name = f"made_{uuid4().hex}"
        self._run("createdb", "--host=127.0.0.1", f"--port={self._port}", "--username=modeler", *options, name)
        return f"postgresql+psycopg://modeler@127.0.0.1:{self._port}/{name}"

    def start(self) -> None:
        """Start the server unless it runs, and wait until it answers."""
        if (self._data / "postmaster.pid").exists():
            return
        options = f"-c listen_addresses=127.0.0.1 -c port={self._port} -c fsync=off"
        options += f" -c unix_socket_directories={self.folder}"
        log = str(self.folder / "log")
        self._run("pg_ctl", "start", "--wait", "--pgdata", str(self._data), "--log", log, "--options", options)

    def stop(self) -> None:
        """Stop it at once, as a crash does; committed rows are there when it starts again."""
        if not (self._data / "postmaster.pid").exists():
            return
        process = self._postmaster
        self.go_on()
        os.kill(process, signal.SIGQUIT)
        wait_until(lambda: not Path(f"/proc/{process}").exists(), "the end of PostgreSQL")

    def hang(self) -> None:
        """Make the server answer nothing from now on, without closing a connection."""
        self._send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let the server answer again."""
        if (self._data / "postmaster.pid").exists():
            self._send_signal(signal.SIGCONT)

    def _send_signal(self, number: int) -> None:
        children = Path(f"/proc/{self._postmaster}/task/{self._postmaster}/children").read_text().split()
        for process in [self._postmaster, *map(int, children)]:
            with suppress(ProcessLookupError):  # one of its children has ended by itself
                os.kill(process, number)

    @property
    def _postmaster(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_postgres, str(self._programs / program), *arguments]
        subprocess.run(command, check=True, cwd=self.folder, capture_output=True)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A private PostgreSQL cluster, started.

    Not below pytest's folder, nor the tests' own for temporary ones: those are closed to other users, such as postgres.
    """
    programs = find_postgres()
    require("PostgreSQL")
    assert programs
    with tempfile.TemporaryDirectory(prefix="postgres-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        made = Cluster(programs, Path(folder))
        made.start()
        made.url = made.make_database()
        try:
            yield made
        finally:
            made.stop()


@contextmanager
def mount_small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a disk of its own of `size`, such as 2m, at `folder`."""
    require("root")
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Fill all the room that is left."""
    with (folder / "filler").open("wb", buffering=0) as file:
        for size in (65_536, 1_024, 1):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
