"""Show a version: data, features, parameters, figures, fairness, code, who and when"""

import json
from typing import Any, NamedTuple

import click
from pydantic import field_serializer
from tabulate import tabulate

from credit.bundle.bundle import load_bundle_features
from credit.common.candidate_names import HEURISTIC
from credit.common.cli import Answer
from credit.common.errors import CreditError, Problem
from credit.registry import versions
from credit.registry.address import open_store
from credit.registry.ledger import Ledger
from credit.registry.names import ENVIRONMENTS, Version, parse_version
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from credit.reports.base import Report, ReportPart
from credit.reports.fairness import FairnessReport
from credit.reports.metrics import CandidateMetrics
from release.commands.options import StoreCommand
from release.registration.publish import parse_digest
from release.repository.dvc_outputs import read_dvc_outputs
from release.repository.git import is_in_repository
from release.repository.reports import read_bundle_reports, read_revision_reports
from release.repository.revision import Revision
from release.repository.tags import Tag, read_registry


class Registration(ReportPart):
    """The tag of a version."""

    tag: str
    commit: str
    by: str
    time: str
    message: str


class VersionFacts(Report):
    """A version: its tag, its record in the store, and its content. None: there is no such thing."""

    version: str
    registered: Registration | None
    published: VersionRecord | None
    dataset: str | None
    candidate: str
    digest: str | None
    data: dict[str, str] | None = None
    """The MD5 of each table; as `params` left out of a version that has no tag here."""
    features: tuple[str, ...]
    params: dict[str, Any] | None = None
    metrics: CandidateMetrics | None
    fairness: FairnessReport | None
    unread: tuple[str, ...]
    """The reports that this code cannot read, a line each."""
    live_in: tuple[str, ...]

    @field_serializer("metrics")
    def _dump_metrics(self, figures: CandidateMetrics | None) -> dict[str, Any]:
        return figures.model_dump(mode="json") if figures else {}

    @field_serializer("fairness")
    def _dump_verdict(self, report: FairnessReport | None) -> dict[str, Any]:
        keys = ("policy", "verdict", "lowest_adverse_impact_ratio")
        return report.model_dump(mode="json", include=set(keys)) if report else dict.fromkeys(keys)


class Content(NamedTuple):
    """What the bundle of a version says, or the reports at its tag; the fields are those of VersionFacts."""

    dataset: str | None
    candidate: str
    digest: str | None
    features: tuple[str, ...]
    metrics: CandidateMetrics | None
    fairness: FairnessReport | None
    unread: tuple[str, ...]


def describe_version(store: Store, version: Version) -> VersionFacts:
    """Collect the facts of a version. Raises CreditError when it is neither registered here nor published."""
    tag = read_registry().versions.get(version) if is_in_repository() else None
    record = versions.find_version(store, version)
    if record is not None:
        content = _read_from_store(store, record)
    elif tag is not None:
        content = _read_from_git(tag)
    else:
        where = f"git tags and {store.url}"
        raise CreditError(Problem(where, f"{version} is neither registered nor published", fix="see release status"))
    facts = VersionFacts(
        version=str(version),
        registered=_describe_tag(tag) if tag else None,
        published=record,
        **content._asdict(),
        live_in=tuple(name for name in ENVIRONMENTS if _is_live(store, name, version)),
    )
    if tag is None:
        return facts
    return facts.model_copy(update={"data": _list_tables(tag), "params": Revision(tag.name, tag.commit).params})


def format_version(facts: VersionFacts) -> str:
    """Format the facts of a version for people, a line each."""
    rows = []
    if tag := facts.registered:
        rows += [("registered", f"{tag.time} by {tag.by}: {tag.message.splitlines()[0]}")]
        rows += [("code", f"commit {tag.commit}")]
    record = facts.published
    time = record.published_at.isoformat().replace("+00:00", "Z") if record else ""
    rows += [("published", f"{time} by {record.published_by}" if record else "no")]
    rows += [("digest", facts.digest)] if facts.digest else []
    rows += [("live in", ", ".join(facts.live_in) or "no environment")]
    rows += [("data", f"{path}: MD5 {md5}") for path, md5 in (facts.data or {}).items()]
    rows += [("features", f"{len(facts.features)}: {', '.join(facts.features)}")]
    rows += [
        ("params", f"{name}: {json.dumps(value, default=str)[:120]}") for name, value in (facts.params or {}).items()
    ]
    figures = facts.metrics
    shown = {name: figures.get_value(name) for name in figures.list_names()} if figures else {}
    rows += [("metrics", f"{name}: {value}") for name, value in shown.items() if value is not None]
    rows += [("fairness", _format_verdict(facts.fairness))]
    rows += [("not shown", line) for line in facts.unread]
    head = f"{facts.version}: {facts.candidate} on {facts.dataset}"
    return f"{head}\n{tabulate(rows, tablefmt='plain', disable_numparse=True)}"


def _format_verdict(report: FairnessReport | None) -> str:
    if report is None:
        return "None by None"
    lowest = report.lowest_adverse_impact_ratio
    group = lowest and report.name_group(lowest.attribute, lowest.group)
    of = f"{lowest.value} for {lowest.attribute} {group}" if lowest else ""
    return f"{report.verdict} by {report.policy}" + f", worst-group adverse impact ratio {of}" * bool(lowest)


def _describe_tag(tag: Tag) -> Registration:
    message = tag.message.partition("\n\ndigest: ")[0]
    return Registration(tag=tag.name, commit=tag.commit, by=tag.tagger, time=tag.time, message=message)


def _read_from_git(tag: Tag) -> Content:
    """Read a version's content from the small files in git; no data is pulled."""
    revision = Revision(tag.name, tag.commit)
    reports = read_revision_reports(revision, strict=False)
    champion = reports.choice.champion if reports.choice else HEURISTIC
    return Content(
        revision.dataset,
        champion,
        parse_digest(tag),
        reports.features.kept if reports.features else (),
        reports.metrics.get(champion),
        reports.fairness.get(champion),
        reports.unread,
    )


def _read_from_store(store: Store, record: VersionRecord) -> Content:
    """Read a published version's content from its bundle, every hash verified."""
    with versions.fetch_temporarily(store, record) as folder:
        features = tuple(load_bundle_features(folder).features)
        reports = read_bundle_reports(folder, record.version)
    metrics = (reports.metrics or {}).get(record.candidate)
    return Content(record.dataset, record.candidate, record.digest, features, metrics, reports.fairness, reports.unread)


def _list_tables(tag: Tag) -> dict[str, str]:
    return {path: md5 for path, md5 in read_dvc_outputs(tag.commit).items() if path.startswith("data/")}


def _is_live(store: Store, environment: str, version: Version) -> bool:
    entry = Ledger(store, environment).read_newest()
    return entry is not None and entry.version == str(version)


@click.command(cls=StoreCommand, help=__doc__, epilog="example:\n  release show v1.2.0")
@click.argument("version", help="a version that is registered or published")
def run(version: str) -> Answer:
    """Describe a version from its tag if there is one here, else from the store."""
    facts = describe_version(open_store(), parse_version(version))
    return Answer(facts.dump(), format_version(facts))
