"""The chapters of the evidence: files by their name in the folder, from git, the store and DVC as they were then."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import yaml

from credit.bundle.bundle import load_bundle_features
from credit.common.errors import CreditError, Problem
from credit.common.files import format_json
from credit.registry import versions
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import ENVIRONMENTS, Version
from credit.registry.signatures import list_signatures
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.compare.comment import render_comment
from release.compare.comparison import compare_revisions
from release.evidence.bom import build_bom
from release.evidence.decisions import replay_decisions, word_notices
from release.evidence.inventory import list_inventory
from release.registration.provenance import KEYS_FOLDER, find_envelope
from release.repository.dvc_outputs import pull_file, read_dvc_outputs
from release.repository.git import list_files_at, read_text_at
from release.repository.main_branch import read_files_of_main
from release.repository.reports import read_bundle_reports
from release.repository.revision import Revision, resolve_revisions
from release.repository.tags import Registry, Tag, require_tag

FROM_GIT = {
    "development": (
        "params.yaml",
        "dvc.yaml",
        "reports/features.json",
        "reports/metrics.json",
        "reports/alternatives.json",
        "reports/choice.json",
        "reports/stability.json",
        "reports/predictions.json",
        "reports/candidates/",
    ),
    "data": ("reports/validation.json", "reports/provenance/"),
    "validation": ("reports/fairness/", "waivers/"),
    "monitoring": ("monitoring/",),
    "supply-chain": ("dvc.lock", "requirements.lock"),
}
"""Chapter, and its files in git at the version's commit; a folder with all that is in it."""

REPORT_PATH = "reports/report.html"


class Subject(NamedTuple):
    """The version that the evidence is about. `at`: what came later is left out; None: nothing is."""

    store: Store
    registry: Registry
    version: Version
    tag: Tag
    record: VersionRecord
    at: datetime | None


class Chapters(NamedTuple):
    """The files by their names, and a line for each that could not be had."""

    files: dict[str, bytes]
    missing: list[str]


def find_subject(store: Store, registry: Registry, version: Version, at: datetime | None) -> Subject:
    """Find the tag and the record of a version.

    Raises CreditError when it is not published, or was not registered yet at the moment.
    """
    tag, record = require_tag(registry, version), versions.require_version(store, str(version))
    if at is not None and datetime.fromisoformat(tag.time) > at:
        raise CreditError(
            Problem("--at", f"{at.isoformat()}", f"a time after {tag.time}, when {version} was registered")
        )
    return Subject(store, registry, version, tag, record, at)


def collect_chapters(subject: Subject) -> Chapters:
    """Collect every chapter. What cannot be read is listed, never left out without a word."""
    files = dict(_collect_from_git(subject)) | dict(_collect_changes(subject))
    files |= dict(_collect_supply_chain(subject)) | dict(_collect_from_bundle(subject, files))
    files["inventory.json"] = _encode(
        [one.dump() for one in list_inventory(subject.store, subject.registry, subject.at)]
    )
    missing = []
    for name, load in {"validation/report.html": _pull_report, "changes/comparison.md": _compare_with_previous}.items():
        try:
            if content := load(subject):
                files[name] = content
        except CreditError as error:
            missing.append(f"{name}: {error.problems[0]}")
    return Chapters(files, missing)


def _collect_from_git(subject: Subject) -> Iterator[tuple[str, bytes]]:
    commit = subject.tag.commit
    for chapter, sources in FROM_GIT.items():
        for source in sources:
            for path in list_files_at(commit, source):
                yield f"{chapter}/{path.removeprefix('reports/').removeprefix(f'{chapter}/')}", _read_at(commit, path)
    revision = Revision(subject.tag.name, commit)
    if (contract := revision.read_text(revision.contract_path)) is not None:
        yield "data/contract.yaml", contract.encode()
    tables = {path: md5 for path, md5 in read_dvc_outputs(commit).items() if path.startswith("data/")}
    yield "data/tables.json", _encode(tables)


def _collect_from_bundle(subject: Subject, files: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    with versions.fetch_temporarily(subject.store, subject.record) as folder:
        for path in sorted(folder.iterdir()):
            yield f"model/{path.name}", path.read_bytes()
        yield "monitoring/reference.json", (folder / "reference.json").read_bytes()
        replayed = replay_decisions(folder)
        yield "decisions/decisions.json", _encode([one.dump() for one in replayed])
        yield "decisions/notices.md", word_notices(str(subject.version), replayed).encode()
        reports = read_bundle_reports(folder, str(subject.version))
        metrics = (reports.metrics or {}).get(subject.record.candidate)
        locked = files.get("supply-chain/requirements.lock", b"").decode()
        features = load_bundle_features(folder).features
        bom = build_bom(subject.record, subject.tag.time, features, metrics, reports.fairness, locked)
        yield "supply-chain/bom.cdx.json", _encode(bom)


def _collect_changes(subject: Subject) -> Iterator[tuple[str, bytes]]:
    history = {name: _read_history(subject, name) for name in ENVIRONMENTS}
    yield "changes/history.json", _encode({name: [_dump(one) for one in entries] for name, entries in history.items()})
    live = {name: _dump(entries[0]) if entries else None for name, entries in history.items()}
    yield "changes/live.json", _encode(live)
    back = [
        _dump(one) | {"environment": name} for name, found in history.items() for one in found if one.kind != "deploy"
    ]
    yield "incidents/rollbacks.json", _encode(back)
    record = subject.record.model_dump(mode="json", exclude_none=True)
    yield "changes/version.json", _encode({"tag": subject.tag._asdict(), "published": record})


def _collect_supply_chain(subject: Subject) -> Iterator[tuple[str, bytes]]:
    lock = yaml.load(read_text_at(subject.tag.commit, "dvc.lock") or "{}", yaml.CSafeLoader)
    links = [_describe_stage(name, stage) for name, stage in (lock.get("stages") or {}).items()]
    yield "supply-chain/stages.json", _encode(links)
    envelopes = list_signatures(subject.store, subject.version).values()
    signed = find_envelope(subject.tag) or next(iter(envelopes), None)
    if signed is not None:
        yield "supply-chain/version.dsse.json", signed
    for path, text in read_files_of_main(KEYS_FOLDER, ".pub"):
        yield f"supply-chain/{path}", text.encode()


def _describe_stage(name: str, stage: dict[str, Any]) -> dict[str, Any]:
    """Describe a stage as in-toto does: its command, what went in and what came out, by MD5 as DVC counts."""
    parts = {key: {one["path"]: one.get("md5", "") for one in stage.get(key) or ()} for key in ("deps", "outs")}
    return {"name": name, "command": stage.get("cmd"), "materials": parts["deps"], "products": parts["outs"]}


def _read_history(subject: Subject, environment: str) -> list[LedgerEntry]:
    """Read the entries of an environment up to the moment, the newest first."""
    entries = Ledger(subject.store, environment).read_entries()
    return [one for one in entries if subject.at is None or one.time <= subject.at]


def _pull_report(subject: Subject) -> bytes:
    return pull_file(subject.tag.commit, REPORT_PATH)


def _compare_with_previous(subject: Subject) -> bytes | None:
    """Compare with the version before it; None for the first one."""
    before = [one for one in sorted(subject.registry.versions) if one < subject.version]
    if not before:
        return None
    base = subject.registry.versions[before[-1]].name
    return render_comment(compare_revisions(*resolve_revisions(base, subject.tag.name, merge_base=False))).encode()


def _read_at(commit: str, path: str) -> bytes:
    return (read_text_at(commit, path) or "").encode()


def _dump(entry: LedgerEntry) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(entry.serialize())
    return content


def _encode(content: Any) -> bytes:
    return format_json(content).encode()
