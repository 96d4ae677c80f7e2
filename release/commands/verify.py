"""Prove that versions can be restored byte for byte from DVC and the store, and that ledgers are whole"""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import click
from tqdm import tqdm

from credit.bundle.manifest import verify_bundle
from credit.common.cli import Answer
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.registry import versions as published
from credit.registry.address import open_store
from credit.registry.chain import LedgerReport
from credit.registry.ledger import Ledger
from credit.registry.names import ARTIFACT, ENVIRONMENTS, UNREGISTERED, Version, parse_version
from credit.registry.store import Store
from release.commands.options import StoreCommand
from release.registration.provenance import check_origin
from release.registration.publish import parse_digest
from release.repository.clones import clone_commit, copy_remote_config
from release.repository.dvc_outputs import BUNDLE_PATH
from release.repository.main_branch import list_tags_of_main
from release.repository.tags import Registry, read_registry, require_tag
from release.repository.witness import check_ledger, describe_registration, is_withdrawn


class Verification(NamedTuple):
    """A version that was restored: its digest from DVC, whether the store has it, and every problem.

    `withdrawn`: the tags withdraw it, which is no problem; it is restored all the same.
    """

    version: Version
    digest: str | None
    in_store: bool
    withdrawn: bool
    problems: list[Problem]


class Chosen(NamedTuple):
    """The versions to verify; `not_on_main`: those whose tag main does not have, which no deployment takes."""

    versions: list[Version]
    not_on_main: list[Version]


def verify_version(store: Store, registry: Registry, version: Version) -> Verification:
    """Restore a version into an empty place and compare every hash; neither touches nor trusts this folder."""
    problems: list[Problem] = []
    digest = tag = record = None
    try:
        tag = require_tag(registry._replace(withdrawn=frozenset()), version)
        digest = _restore_bundle(tag.commit)
        tagged = parse_digest(tag)
        if tagged is not None and tagged != digest:
            problems.append(
                Problem(f"{version} from DVC", f"digest {digest[:12]}", f"{tagged[:12]}, which the tag says")
            )
    except CreditError as error:
        problems += error.problems
    try:
        record = published.find_version(store, version)
        if record is not None:
            published.load_stored_bundle(store, record)
            if digest is not None and record.digest != digest:
                where = f"{version} in the store"
                problems.append(Problem(where, f"digest {record.digest[:12]}", f"{digest[:12]}, DVC's"))
    except CreditError as error:
        problems += error.problems
    if tag is not None and (known := digest or parse_digest(tag) or (record and record.digest)):
        problems += check_origin(store, version, tag, known, record)
    return Verification(version, digest, record is not None, version in registry.withdrawn, problems)


def verify_ledger(ledger: Ledger) -> LedgerReport:
    """Check that a ledger is whole, and that a tag names the version that is live."""
    report = check_ledger(ledger)
    try:
        entry = ledger.read_newest()
    except CreditError as error:
        return report._replace(problems=[*report.problems, *error.problems])
    if entry is not None and (lack := describe_registration(entry)) and not is_withdrawn(entry):
        return report._replace(problems=[*report.problems, Problem(f"environment {ledger.environment}", lack)])
    return report


def _restore_bundle(commit: str) -> str:
    """Pull everything that dvc.lock names at a commit from the remote by its hash; returns the digest of the bundle."""
    with clone_commit(commit) as clone:
        copy_remote_config(clone)
        pull = [sys.executable, "-m", "dvc", "pull"]
        done = subprocess.run(pull, cwd=clone, capture_output=True, text=True, check=False)
        if done.returncode:
            message = " ".join((done.stderr or done.stdout).split())[-300:]
            found = f"lacks outputs ({message})"
            raise CreditError(Problem(f"the DVC remote, at {commit[:10]}", found, fix="dvc push from a copy"))
        _check_cache(clone / ".dvc/cache/files/md5")
        return verify_bundle(clone / BUNDLE_PATH).digest


def _check_cache(cache: Path) -> None:
    """Read each file of DVC's cache and compare its MD5 with its name, which is how DVC stores it."""
    problems = []
    for path in sorted(path for path in cache.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if found != (path.parent.name + path.name).removesuffix(".dir"):
            problems.append(Problem(f"the DVC remote: {path.parent.name}/{path.name}", f"MD5 {found}", "its name"))
    raise_if_any(problems)


EPILOG = """example:
  release verify v1.2.0
  release verify --all"""


@click.command(cls=StoreCommand, help=__doc__, epilog=EPILOG)
@click.argument("version", required=False, help="the newest one on main by default")
@click.option("--all", "everything", is_flag=True, help="every registered version, and every one in the store")
def run(version: str | None, everything: bool) -> Answer:
    """Restore each into an empty place; exit code 1 when one cannot be."""
    store, registry = open_store(), read_registry()
    chosen = Chosen([parse_version(version)], []) if version else choose_versions(store, registry, everything)
    proofs = [
        verify_version(store, registry, one) for one in tqdm(chosen.versions, "verify", unit="version", disable=None)
    ]
    ledgers = {name: verify_ledger(Ledger(store, name)) for name in ENVIRONMENTS}
    content = {
        "versions": {str(proof.version): _dump_verification(proof) for proof in proofs},
        "not_on_main": list(map(str, chosen.not_on_main)),
        "ledgers": {name: [str(problem) for problem in report.problems] for name, report in ledgers.items()},
        "notes": {name: report.notes for name, report in ledgers.items()},
    }
    lines = [*map(_format_verification, proofs), *(f"{one}: not on main" for one in chosen.not_on_main)]
    lines += [_format_ledger(*one) for one in ledgers.items()]
    failed = any(proof.problems for proof in proofs) or any(report.problems for report in ledgers.values())
    return Answer(content, "\n".join(lines), 1 if failed else 0)


def choose_versions(store: Store, registry: Registry, everything: bool) -> Chosen:
    """Choose the newest version on main, or everything that a tag registers or that is in the store.

    Raises CreditError when there is none.
    """
    there = {*published.list_versions(store)} - {parse_version(UNREGISTERED)} if everything else set()
    known = sorted({*registry.versions, *there})
    if not known:
        fix = "git fetch --force --tags brings those of the remote, release register makes one"
        raise CreditError(Problem("git tags", "no registered version to verify", fix=fix))
    if everything:
        return Chosen(known, [])
    merged = list_tags_of_main(f"{ARTIFACT}@*")
    on_main = [version for version in known if version.tag in merged]
    others = [version for version in known if version.tag not in merged]
    if not on_main:
        found = f"no version on main, only {', '.join(map(str, others))}"
        raise CreditError(Problem("git tags", found, fix="name one, and release verify says what is wrong with it"))
    return Chosen(on_main[-1:], others)


def _dump_verification(proof: Verification) -> dict[str, Any]:
    return {
        "restorable": not proof.problems,
        "digest": proof.digest,
        "in_store": proof.in_store,
        "withdrawn": proof.withdrawn,
        "problems": [str(problem) for problem in proof.problems],
    }


def _format_verification(proof: Verification) -> str:
    where = "DVC and the store" if proof.in_store else "DVC; it is not published"
    verdict = "cannot be restored" if proof.problems else f"whole, in {where}"
    withdrawn = "; withdrawn" if proof.withdrawn else ""
    return "\n  ".join([f"{proof.version}: {verdict}{withdrawn}", *map(str, proof.problems)])


def _format_ledger(environment: str, report: LedgerReport) -> str:
    verdict = "not as it was written" if report.problems else "every entry is the one that was written"
    notes = [f"note: {note}" for note in report.notes]
    return "\n  ".join([f"ledger of {environment}: {verdict}", *map(str, report.problems), *notes])
