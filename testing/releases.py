"""Deployments made for the tests of `release`."""

import shutil
from pathlib import Path

from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from credit.registry.versions import VersionRecord, require_version
from release.deployment.apply import apply_change
from release.deployment.change import Attribution
from release.deployment.plan import plan_deployment

WHY = Attribution("a test", "tester")


def deploy_versions(store: Store, *versions: str, environment: str = "prod") -> list[LedgerEntry]:
    """Deploy published versions one after another; return their entries."""
    made = []
    for version in versions:
        change = plan_deployment(Ledger(store, environment), require_version(store, version), WHY)
        if entry := apply_change(store, change):
            made.append(entry)
    return made


def make_version_record(version: str, digest: str = "d" * 64) -> VersionRecord:
    """Make a record as the ledger needs it, of a version that nobody loads."""
    moment = "2026-01-01T00:00:00Z"
    text = f'{{"format": 1, "version": "{version}", "digest": "{digest}", "commit": "c", "dataset": "small", '
    text += f'"candidate": "heuristic", "published_at": "{moment}", "published_by": "tester"}}'
    return VersionRecord.parse(text.encode(), "here")


def corrupt_copy(folder: Path, copy: Path, name: str) -> Path:
    """Copy a bundle and change one byte of a file."""
    shutil.copytree(folder, copy)
    content = bytearray((copy / name).read_bytes())
    content[-1] ^= 1
    (copy / name).write_bytes(content)
    return copy
