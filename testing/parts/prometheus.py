"""A real Prometheus, with the project's configuration and rules, that scrapes what a test runs."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import yaml

from testing.parts.needs import require
from testing.parts.servers import PATIENCE, find_free_ports, wait_until

MONITORING = Path(__file__).parents[2] / "monitoring"


class Prometheus:
    """A running Prometheus; `url` is its address."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, path: str, **given: str) -> Any:
        """Ask its API; returns the data. Raises AssertionError when it refuses."""
        answer = requests.get(f"{self.url}/api/v1/{path}", params=given, timeout=PATIENCE).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Evaluate an expression now: labels and value of each series."""
        return [(one["metric"], float(one["value"][1])) for one in self.ask("query", query=expression)["result"]]

    def is_ready(self) -> bool:
        """Tell whether it answers."""
        try:
            return requests.get(f"{self.url}/-/ready", timeout=PATIENCE).ok
        except requests.RequestException:
            return False


@contextmanager
def run_prometheus(folder: Path, targets: Mapping[str, str]) -> Iterator[Prometheus]:
    """Run it with the configuration of the project until the block ends; every second, on other `targets`, by job."""
    require("promtool")
    (port,) = find_free_ports(1)
    command = ["prometheus", f"--config.file={_write_configuration(folder, targets)}"]
    command += [f"--storage.tsdb.path={folder / 'figures'}", f"--web.listen-address=127.0.0.1:{port}"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    prometheus = Prometheus(f"http://127.0.0.1:{port}")
    try:
        wait_until(prometheus.is_ready, "Prometheus", process)
        yield prometheus
    finally:
        process.kill()
        process.wait()


def _write_configuration(folder: Path, targets: Mapping[str, str]) -> Path:
    content = yaml.safe_load((MONITORING / "prometheus/prometheus.yml").read_text())
    content["global"] |= dict.fromkeys(("scrape_interval", "scrape_timeout", "evaluation_interval"), "1s")
    content["rule_files"] = [str(MONITORING / "prometheus" / name) for name in content["rule_files"]]
    del content["alerting"]
    for job in content["scrape_configs"]:
        job.pop("authorization", None)  # on loopback no key is needed
        job["static_configs"][0]["targets"] = [targets[job["job_name"]]]
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(content))
    return path
