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

from bench.packaged import packaged
from bench.process import timed
from bench.project import ROOT
from bench.report import Table
from credit.common.parallel import run_in_threads
from credit.registry.ledger import Entry, Ledger
from credit.registry.names import ARTIFACT, version_of
from credit.registry.store import Store
from credit.registry.versions import publish
from testing.parts.servers import KEYS, s3_server

LENGTHS = (10, 1_000)
VERSIONS = ("v1.0.0", "v1.1.0")


def measure() -> Table:
    """Seconds for a short and a long history."""
    rows = []
    took = {}
    with TemporaryDirectory() as temporary, s3_server(_folder(temporary, "weed"), "models") as address:
        os.environ |= {**KEYS, "AWS_ENDPOINT_URL": address, "AWS_REGION": "us-east-1"}
        bundle = packaged("random_forest", Path(temporary) / "bundle")
        for length in LENGTHS:
            repository = _folder(temporary, f"repository-{length}")
            store = _history(f"s3://models/{length}", bundle, repository, length)
            took[length], whole = _rollbacks(store, repository)
            target = "below 2: met" if took[length] < 2 else "below 2: not met"
            rows.append(("rollback, to the ledger entry", f"{length:,}", f"{took[length]:.2f}", target))
            rows.append(("rollback, to the end, git tag included", f"{length:,}", f"{whole:.2f}", ""))
        gto = timed(["gto", "show"], repository, dict(os.environ)).seconds
    rows.append(("for comparison, gto show", f"{LENGTHS[-1]:,}", f"{gto:.2f}", ""))
    rows.append(("times as long for 100 times the history", "", f"{took[LENGTHS[-1]] / took[LENGTHS[0]]:.2f}", "flat"))
    helped = median(
        timed([sys.executable, "-m", "release", "--help"], ROOT, dict(os.environ)).seconds for _ in range(5)
    )
    rows.append(("release --help", "", f"{helped:.2f}", "below 0.3: met" if helped < 0.3 else "below 0.3: not met"))
    return Table(("what", "tags and entries", "seconds", "target"), rows)


def _folder(parent: str, name: str) -> Path:
    folder = Path(parent) / name
    folder.mkdir()
    return folder


def _history(url: str, bundle: Path, repository: Path, length: int) -> Store:
    """A store and a repository with a past: two versions that took turns."""
    store = Store(url)
    records = [publish(store, version_of(version), bundle, "0" * 40, "bench")[0] for version in VERSIONS]
    ledger = Ledger(store, "prod")
    start = time.time() - length

    def entry(number: int) -> None:
        record = records[number % 2]
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start + number - 1))
        fields = f'"number": {number}, "kind": "deploy", "version": "{record.version}", "digest": "{record.digest}"'
        fields += f', "reason": "r", "actor": "a", "time": "{moment}", "id": "{number}"'
        back = f', "back": {number - 1}' if number > 1 else ""
        ledger.append(Entry.read(f'{{"format": 1, {fields}{back}}}'.encode(), "bench"))

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


def _rollbacks(store: Store, repository: Path) -> tuple[float, float]:
    """Medians: seconds from the command to the entry, and to the end."""
    ledger = Ledger(store, "prod")
    env = os.environ | {"RELEASE_STORE": store.url, "PYTHONPATH": str(ROOT), "RELEASE_ACTOR": "bench"}
    env |= {"GIT_COMMITTER_NAME": "bench", "GIT_COMMITTER_EMAIL": "bench@example.org"}
    entries, wholes = [], []
    for _ in range(5):
        start = time.time()
        command = [sys.executable, "-m", "release", "rollback", "--env", "prod", "--reason", "bench"]
        wholes.append(timed(command, repository, env).seconds)
        entries.append(ledger.entry(ledger.length()).time.timestamp() - start)
    return median(entries), median(wholes)
