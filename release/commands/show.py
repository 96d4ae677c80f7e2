"""Show a version: data, features, parameters, figures, fairness, code, who and when"""

import json
from typing import Any

import click
import yaml
from tabulate import tabulate

from credit.bundle.bundle import load_bundle_features
from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import CreditError, Problem
from credit.registry import versions
from credit.registry.ledger import Ledger
from credit.registry.names import ENVIRONMENTS, Version, parse_version
from credit.registry.store import Store, open_store
from credit.registry.versions import VersionRecord
from credit.reports.fairness import FairnessReport, LowestRatio
from credit.reports.metrics import CandidateMetrics
from release.registration.publish import parse_digest
from release.repository.dvc_outputs import read_dvc_outputs
from release.repository.git import is_in_repository, read_text_at
from release.repository.reports import read_bundle_reports, read_revision_reports
from release.repository.revision import Revision
from release.repository.tags import Tag, read_registry


def describe_version(store: Store, version: Version) -> dict[str, Any]:
    """Collect the facts of a version. Raises CreditError when it is neither registered here nor published."""
    tag = read_registry().versions.get(version) if is_in_repository() else None
    record = versions.find_version(store, version)
    if tag is None and record is None:
        where = f"git tags and {store.url}"
        raise CreditError(Problem(where, f"{version} is neither registered nor published", fix="see release status"))
    content: dict[str, Any] = {"version": str(version)}
    content["registered"] = _describe_tag(tag) if tag else None
    content["published"] = record.model_dump(mode="json") if record else None
    content |= _read_from_git(tag) if tag else {}
    content |= _read_from_store(store, record) if record else {}
    content["live_in"] = [name for name in ENVIRONMENTS if _is_live(store, name, version)]
    return content


def format_version(facts: dict[str, Any]) -> str:
    """Format the facts of a version for people, a line each."""
    rows = []
    if tag := facts["registered"]:
        rows += [("registered", f"{tag['time']} by {tag['by']}: {tag['message'].splitlines()[0]}")]
        rows += [("code", f"commit {tag['commit']}")]
    record = facts["published"]
    rows += [("published", f"{record['published_at']} by {record['published_by']}" if record else "no")]
    rows += [("digest", facts["digest"])] if facts.get("digest") else []
    rows += [("live in", ", ".join(facts["live_in"]) or "no environment")]
    rows += [("data", f"{path}: MD5 {md5}") for path, md5 in facts.get("data", {}).items()]
    rows += [("features", f"{len(facts['features'])}: {', '.join(facts['features'])}")]
    rows += [("params", f"{name}: {json.dumps(value)[:120]}") for name, value in facts.get("params", {}).items()]
    shown = {name: value for name, value in facts["metrics"].items() if isinstance(value, int | float)}
    rows += [("metrics", f"{name}: {value}") for name, value in shown.items()]
    whom = ""
    if ratio := facts["fairness"]["lowest_adverse_impact_ratio"]:
        lowest = LowestRatio.model_validate(ratio)
        whom = f", worst-group adverse impact ratio {lowest.value} for {lowest.attribute} {lowest.group}"
    rows += [("fairness", f"{facts['fairness']['verdict']} by {facts['fairness']['policy']}{whom}")]
    rows += [("not shown", line) for line in facts["unread"]]
    head = f"{facts['version']}: {facts['candidate']} on {facts['dataset']}"
    return f"{head}\n{tabulate(rows, tablefmt='plain', disable_numparse=True)}"


def _describe_tag(tag: Tag) -> dict[str, str]:
    message = tag.message.partition("\n\ndigest: ")[0]
    return {"tag": tag.name, "commit": tag.commit, "by": tag.tagger, "time": tag.time, "message": message}


def _read_from_git(tag: Tag) -> dict[str, Any]:
    """Read a version's facts from the small files in git; no data is pulled."""
    reports = read_revision_reports(Revision(tag.name, tag.commit), strict=False)
    params = yaml.safe_load(read_text_at(tag.commit, "params.yaml") or "{}")
    champion = reports.choice.champion if reports.choice else "heuristic"
    return {
        "dataset": (params.get("data") or {}).get("contract"),
        "candidate": champion,
        "digest": parse_digest(tag),
        "data": {path: md5 for path, md5 in read_dvc_outputs(tag.commit).items() if path.startswith("data/")},
        "features": list(reports.features.kept) if reports.features else [],
        "params": params,
        "metrics": _dump_metrics(reports.metrics.get(champion)),
        "fairness": _select_verdict(reports.fairness.get(champion)),
        "unread": list(reports.unread),
    }


def _read_from_store(store: Store, record: VersionRecord) -> dict[str, Any]:
    """Read a published version's facts from its bundle, every hash verified."""
    with versions.fetch_temporarily(store, record) as folder:
        features = load_bundle_features(folder)
        reports = read_bundle_reports(folder, record.version)
    return {
        "dataset": record.dataset,
        "candidate": record.candidate,
        "digest": record.digest,
        "features": list(features.features),
        "metrics": _dump_metrics((reports.metrics or {}).get(record.candidate)),
        "fairness": _select_verdict(reports.fairness),
        "unread": list(reports.unread),
    }


def _dump_metrics(figures: CandidateMetrics | None) -> dict[str, Any]:
    return figures.model_dump(mode="json") if figures else {}


def _select_verdict(report: FairnessReport | None) -> dict[str, Any]:
    ratio = report.lowest_adverse_impact_ratio if report else None
    return {
        "policy": report.policy if report else None,
        "verdict": report.verdict if report else None,
        "lowest_adverse_impact_ratio": ratio.model_dump(mode="json") if ratio else None,
    }


def _is_live(store: Store, environment: str, version: Version) -> bool:
    entry = Ledger(store, environment).read_newest()
    return entry is not None and entry.version == str(version)


@click.command(cls=AnsweringCommand, help=__doc__, epilog="example:\n  release show v1.2.0")
@click.argument("version", help="a version that is registered or published")
def run(version: str) -> Answer:
    """Describe a version from its tag if there is one here, else from the store."""
    content = describe_version(open_store(), parse_version(version))
    return Answer(content, format_version(content))
