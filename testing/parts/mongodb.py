"""A server that speaks MongoDB's protocol, in a process and with libraries of its own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from testing.parts.needs import find_secantus, require
from testing.parts.servers import PATIENCE, find_free_ports, wait_until


class MongoServer:
    """The server; `url` is its address. It may be ended and started again with its data."""

    def __init__(self, folder: Path) -> None:
        require("SecantusDB")
        (self._port,) = find_free_ports(1)
        self._folder, self.url = folder, f"mongodb://127.0.0.1:{self._port}/?directConnection=true"
        folder.mkdir(parents=True, exist_ok=True)
        self.start()

    def start(self) -> None:
        command = [str(find_secantus()), "--port", str(self._port), "--storage-path", str(self._folder / "data")]
        command += ["--cache-size", "64M", "--sync-on-commit"]
        with (self._folder / "mongodb.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)
        wait_until(self._answers, "the server of MongoDB's protocol", self._process)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)

    def connect(self) -> "MongoClient[dict[str, Any]]":
        return MongoClient(self.url, serverSelectionTimeoutMS=PATIENCE * 1000, tz_aware=True)

    def _answers(self) -> bool:
        try:
            client: MongoClient[dict[str, Any]] = MongoClient(self.url, serverSelectionTimeoutMS=500)
            with client:
                client.admin.command("ping")
        except PyMongoError:
            return False
        return True


@contextmanager
def run_mongodb(folder: Path) -> Iterator[MongoServer]:
    """Run the server until the block ends."""
    server = MongoServer(folder)
    try:
        yield server
    finally:
        server.stop()
