"""Rollback on a real S3 server on this machine: from the command to the ledger entry, a random forest verified first.

With as many git tags as ledger entries. Median of 5.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.packaged import package_candidate
from bench.process import run_timed
from bench.project import ROOT
from bench.report import BenchTable
from credit.common.parallel import run_in_threads
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import ARTIFACT, parse_version
from credit.registry.store import Store
from credit.registry.versions import publish_bundle
from testing.parts.servers import KEYS, run_s3_server

LENGTHS = (10, 1_000)
VERSIONS = ("v1.0.0", "v1.1.0")


def measure() -> BenchTable:
    """Measure seconds for a short and a long history."""
    rows = []
    took = {}
    with TemporaryDirectory() as temporary, run_s3_server(_make_folder(temporary, "weed"), "models") as address:
        os.environ |= {**KEYS, "AWS_ENDPOINT_URL": address, "AWS_REGION": "us-east-1"}
        bundle = package_candidate("random_forest", Path(temporary) / "bundle")
        for length in LENGTHS:
            repository = _make_folder(temporary, f"repository-{length}")
            store = _make_history(f"s3://models/{length}", bundle, repository, length)
            took[length], whole = _time_rollbacks(store, repository)
            target = "below 2: met" if took[length] < 2 else "below 2: not met"
            rows.append(("rollback, to the ledger entry", f"{length:,}", f"{took[length]:.2f}", target))
            rows.append(("rollback, to the end, git tag included", f"{length:,}", f"{whole:.2f}", ""))
        gto = run_timed(["gto", "show"], repository, dict(os.environ)).seconds
    rows.append(("for comparison, gto show", f"{LENGTHS[-1]:,}", f"{gto:.2f}", ""))
    rows.append(("times as long for 100 times the history", "", f"{took[LENGTHS[-1]] / took[LENGTHS[0]]:.2f}", "flat"))
    helped = median(
        run_timed([sys.executable, "-m", "release", "--help"], ROOT, dict(os.environ)).seconds for _ in range(5)
    )
    rows.append(("release --help", "", f"{helped:.2f}", "below 0.3: met" if helped < 0.3 else "below 0.3: not met"))
    return BenchTable(("what", "tags and entries", "seconds", "target"), rows)


def _make_folder(parent: str, name: str) -> Path:
    folder = Path(parent) / name
    folder.mkdir()
    return folder


def _make_history(url: str, bundle: Path, repository: Path, length: int) -> Store:
    """Make a store and a repository with a past: two versions that took turns."""
    store = Store(url)
    records = [publish_bundle(store, parse_version(version), bundle, "0" * 40, "bench")[0] for version in VERSIONS]
    ledger = Ledger(store, "prod")
    start = time.time() - length

    def entry(number: int) -> None:
        record = records[number % 2]
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start + number - 1))
        fields = f'"number": {number}, "kind": "deploy", "version": "{record.version}", "digest": "{record.digest}"'
        fields += f', "reason": "r", "actor": "a", "time": "{moment}", "id": "{number}"'
        back = f', "back": {number - 1}' if number > 1 else ""
        ledger.append_entry(LedgerEntry.parse(f'{{"format": 1, {fields}{back}}}'.encode(), "bench"))

    run_in_threads(entry, list(range(1, length + 1)))
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    subprocess.run([*git, "init", "--quiet"], cwd=repository, check=True)
    tags = [f"{ARTIFACT}@v1.{number}.0" for number in range(length)]
    tags += [f"{ARTIFACT}#prod#{number}" for number in range(1, length + 1)]
    for number, tag in enumerate(tags):
        if number < length:
            subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", tag], cwd=repository, check=True)
        subprocess.run([*git, "tag", "-a", "-m", tag, tag, "HEAD"], cwd=repository, check=True)
    return store


def _time_rollbacks(store: Store, repository: Path) -> tuple[float, float]:
    """Time rollbacks. Median seconds from the command to the entry, and to the end."""
    ledger = Ledger(store, "prod")
    env = os.environ | {"RELEASE_STORE": store.url, "PYTHONPATH": str(ROOT), "RELEASE_ACTOR": "bench"}
    env |= {"GIT_COMMITTER_NAME": "bench", "GIT_COMMITTER_EMAIL": "bench@example.org"}
    entries, wholes = [], []
    for _ in range(5):
        start = time.time()
        command = [sys.executable, "-m", "release", "rollback", "--env", "prod", "--reason", "bench"]
        wholes.append(run_timed(command, repository, env).seconds)
        entries.append(ledger.read_entry(ledger.find_last_number()).time.timestamp() - start)
    return median(entries), median(wholes)
