"""A watch as a process of its own, and people who are sent to the service beside it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from filled_logs import Town

from testing.lenders.frozen import ROOT
from testing.parts.servers import PATIENCE, find_free_ports, wait_until
from testing.services import Service


class Watching:
    """A watch as a process of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self._service = folder, url
        (self.port,) = find_free_ports(1)
        self.start()

    def start(self) -> None:
        words = [sys.executable, "-m", "release", "watch", "--env", "prod", "--port", str(self.port)]
        env = os.environ | {"PYTHONPATH": str(ROOT), "RELEASE_SERVICE_URL": self._service}
        with (self._folder / "watch.log").open("ab") as log:
            self.process = subprocess.Popen(words, cwd=self._folder, env=env, stdout=log, stderr=log)

    def read(self, path: str) -> requests.Response | None:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE)
        except requests.RequestException:
            return None

    def read_metrics(self) -> dict[str, float]:
        answer = self.read("/metrics")
        lines = answer.text.splitlines() if answer else []
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}

    def wait_for(self, people: int) -> None:
        series = 'watch_people{attribute="race",environment="prod",group="Black",stream="approvals"}'
        wait_until(lambda: self.read_metrics().get(series) == people, f"{people} people", self.process)


@contextmanager
def run_watch(folder: Path, url: str) -> Iterator[Watching]:
    watching = Watching(folder, url)
    try:
        yield watching
    finally:
        watching.process.kill()
        watching.process.wait()


def send(service: Service, town: Town, people: list[tuple[int, str | None]]) -> int:
    """Send applicants to the service; returns how many of them are of the group."""
    asked = [{"application": town.applications[number], "protected": {"race": race}} for number, race in people]
    for start in range(0, len(asked), 250):
        answer = service.decide({"applications": asked[start : start + 250]}, "/v1/decisions/batch")
        assert answer.status_code == 200, answer.text
    return sum(race == "Black" for _, race in people)
