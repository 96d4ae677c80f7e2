"""What a version takes, printed for those who send it: an application that this version decides, and no field less."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from credit.registry import versions
from credit.registry.names import parse_version
from credit.registry.store import Store
from testing.parts.servers import wait_until
from testing.releases import deploy_versions
from testing.services import ROOT, run_service
from testing.warm.commands import find_warm_commands


def print_example(store: Store, *options: str) -> "subprocess.CompletedProcess[str]":
    own = {"PYTHONPATH": str(ROOT), "RELEASE_STORE": store.url}
    command = [str(find_warm_commands() / "python"), "-m", "service", "example", *options]
    return subprocess.run(command, env=os.environ | own, capture_output=True, text=True, check=False)


def test_the_example_of_a_version_is_decided_by_it_before_and_after_it_is_live(
    disk: Store, bundles: Callable[[str], Path], tmp_path: Path
) -> None:
    """The rule reads one field, the model more: who sends the model's application is decided by both."""
    for version, candidate in (("v1.0.0", "heuristic"), ("v2.0.0", "logistic")):
        versions.publish_bundle(disk, parse_version(version), bundles(candidate), "0" * 40, "tester")
    deploy_versions(disk, "v1.0.0")
    short, long = (json.loads(print_example(disk, *options).stdout) for options in ([], ["--version", "v2.0.0"]))
    assert set(short["application"]) < set(long["application"])
    with run_service(disk.url, tmp_path / "state") as service:
        service.wait()
        assert service.decide(long).status_code == 200
        assert service.decide(short).status_code == 200
        deploy_versions(disk, "v2.0.0")
        wait_until(lambda: service.decide(long).json()["version"] == "v2.0.0", "the next version", service.process)
        assert service.decide(long).json()["decided_by"] == "model"
        assert service.decide(short).json()["decided_by"] == "rule"


def test_nothing_live_is_one_line(disk: Store) -> None:
    done = print_example(disk)
    assert done.returncode == 1
    assert done.stderr.startswith("error: the ledger of prod in ")
    assert done.stderr.count("\n") == 1
