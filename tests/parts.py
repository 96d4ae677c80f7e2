"""Real parts, started on loopback and ended by their process id."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

KEYS = {"AWS_ACCESS_KEY_ID": "modeler", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on; all held open until the last is found, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def wait_until(ready: Callable[[], bool], what: str, process: subprocess.Popen[bytes] | None = None) -> None:
    """Poll for at most a minute."""
    deadline = time.monotonic() + 60
    while not ready():
        assert process is None or process.poll() is None, f"{what} ended with {process and process.returncode}"
        assert time.monotonic() < deadline, f"{what} did not start"
        time.sleep(0.1)


@contextmanager
def s3_server(folder: Path, buckets: str) -> Iterator[str]:
    """SeaweedFS with an S3 interface; gives its address. Credentials are KEYS."""
    names = ["master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc"]
    names += ["s3.port", "s3.port.grpc"]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
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


def s3_client(address: str) -> Any:
    """A client of the server."""
    import botocore.session

    session = botocore.session.get_session()
    session.set_credentials(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"])
    return session.create_client("s3", endpoint_url=address, region_name="us-east-1")


def _has_buckets(address: str, buckets: list[str]) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        there = {bucket["Name"] for bucket in s3_client(address).list_buckets()["Buckets"]}
    except (BotoCoreError, ClientError):
        return False
    return set(buckets) <= there


@contextmanager
def postgres() -> Iterator[str]:
    """A private PostgreSQL cluster; gives the URL of its database for SQLAlchemy.

    Not below pytest's folder: any other session of pytest closes that to other users, such as postgres.
    """
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert programs, "PostgreSQL is missing: apt-get install postgresql (.ci/run does it)"
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        yield from _cluster(programs[-1], Path(folder))


def _cluster(programs: Path, folder: Path) -> Iterator[str]:
    (port,) = free_ports(1)
    data = folder / "cluster"
    as_postgres: list[str] = []
    if os.geteuid() == 0:  # initdb refuses root
        as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        shutil.chown(folder, "postgres")

    def run(program: str, *arguments: str) -> None:
        subprocess.run([*as_postgres, str(programs / program), *arguments], check=True, cwd=folder, capture_output=True)

    run("initdb", "--pgdata", str(data), "--username", "modeler", "--auth", "trust", "--encoding", "UTF8")
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "start", "--wait", "--pgdata", str(data), "--log", str(folder / "log"), "--options", options)
    try:
        yield f"postgresql+psycopg://modeler@127.0.0.1:{port}/postgres"
    finally:
        process = int((data / "postmaster.pid").read_text().split()[0])
        os.kill(process, signal.SIGQUIT)  # at once; nothing in it is needed any more
        wait_until(lambda: not Path(f"/proc/{process}").exists(), "the end of PostgreSQL")
