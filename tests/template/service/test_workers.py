"""Several workers are one service."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from credit.common.files import is_running
from credit.registry.store import Store
from testing.lenders.frozen import ROOT
from testing.parts.servers import PATIENCE, wait_until
from testing.releases import deploy_versions
from testing.services import Service, run_service


def test_all_workers_follow_and_say_so_together(released: Store, tmp_path: Path, asked: list[dict[str, Any]]) -> None:
    """The version that is told is one that every worker answers by, so that a deploy may rely on it."""
    with run_service(released.url, tmp_path / "state", SERVICE_WORKERS="2") as service:
        service.wait()
        wait_until(lambda: service.get("/v1/version").json()["entry"] == 2, "both workers", service.process)
        (entry,) = deploy_versions(released, "v3.0.0")

        def all_follow() -> bool:
            return bool(service.get("/v1/version").json()["entry"] == entry.number)

        wait_until(all_follow, "both workers", service.process)
        answers = [
            requests.post(f"{service.url}/v1/decisions", json=asked[0], timeout=PATIENCE).json() for _ in range(40)
        ]
        assert {answer["version"] for answer in answers} == {"v3.0.0"}
        figures = service.get("/metrics").text
        counted = [line for line in figures.splitlines() if line.startswith("service_decisions_total{")]
        assert sum(float(line.rsplit(" ", 1)[1]) for line in counted) == 40


def test_workers_end_with_the_process_that_started_them(released: Store, tmp_path: Path) -> None:
    """Else they would go on deciding with nobody to stop them."""
    with run_service(released.url, tmp_path / "state", SERVICE_WORKERS="2") as service:
        service.wait()
        service.kill()
        wait_until(lambda: not service.read_health(), "the end of the workers")


def test_workers_that_start_by_other_settings_end_with_that_process_too(released: Store, tmp_path: Path) -> None:
    """SIGHUP changes how many they are with the next start only, whatever the settings of one of them say."""
    file = tmp_path / "settings"
    file.write_text("SERVICE_WORKERS=2\n")
    with run_service(released.url, tmp_path / "state", SERVICE_SETTINGS_FILE=str(file), COLD="yes") as service:
        before = list_workers(service.wait())
        assert len(before) == 2
        file.write_text("SERVICE_WORKERS=1\n")
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: not before & list_workers(service), "the end of the workers of before", service.process)
        wait_until(lambda: len(list_workers(service)) == 2, "two others", service.process)
        after = list_workers(service.wait())
        service.kill()
        wait_until(lambda: not any(map(is_running, after)), "the end of the workers")


def list_workers(service: Service) -> set[int]:
    """List the processes of the workers, beside which there is one that cleans up."""
    parent = service.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return {int(one) for one in children if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()}


STARTER = """
import multiprocessing, os, signal, sys, time
sys.path.insert(0, {root!r})

def work(file):
    open(file, "w").write(str(os.getpid()))
    while os.path.exists(file):  # until the parent is gone
        time.sleep(0.01)
    from service.parent_watch import end_with_parent
    end_with_parent()
    signal.pause()

if __name__ == "__main__":
    multiprocessing.get_context("spawn").Process(target=work, args=(sys.argv[1],)).start()
    signal.pause()
"""


def test_a_worker_that_starts_after_the_end_of_its_parent_ends_too(tmp_path: Path) -> None:
    script, told = tmp_path / "starter.py", tmp_path / "worker"
    script.write_text(STARTER.format(root=str(ROOT)))
    parent = subprocess.Popen([sys.executable, script, told])
    wait_until(lambda: told.exists() and bool(told.read_text()), "the worker", parent)
    worker = int(told.read_text())
    parent.kill()
    parent.wait()
    told.unlink()
    wait_until(lambda: not is_running(worker), "the end of the worker")
