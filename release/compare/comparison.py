"""The comparison of two revisions: the content of `release compare --json`."""

import tempfile
from pathlib import Path
from typing import Any

from credit.common.candidate_names import HEURISTIC
from credit.reports.base import Flag, Report, ReportPart
from credit.reports.fairness import ChangeFinding, Verdict
from release.compare import results
from release.compare.data_and_params import DataComparison, compare_data, compare_params
from release.compare.decisions import DecisionComparison, compare_decisions
from release.compare.features import FeatureComparison, compare_features
from release.compare.integrity import find_altered_reports
from release.compare.same_people import MeasuredPeople, Uncompared, compare_test_people
from release.compare.sides import Sides
from release.repository.git import list_files_at
from release.repository.reports import RevisionReports, read_revision_reports
from release.repository.revision import Revision
from release.repository.waivers import describe_waivers

CHAMPION = "champion"
"""The key of `fairness` for the champions of both sides, which may be two candidates."""


class Side(ReportPart):
    """A revision and its champion; None: it has no such report."""

    name: str
    """As the user gave it."""
    commit: str | None
    """None: the working tree."""
    champion: str | None
    why: str | None
    eligible: Flag | None
    """Whether no gate stands against the champion."""
    verdict: Verdict | None
    unsigned_failures: tuple[str, ...]
    """What the champion fails by equal treatment, without two people who sign for it; a sentence each."""
    against: dict[str, tuple[str, ...]]
    """By candidate that is not eligible: why, a sentence per gate."""

    @property
    def outcome(self) -> tuple[object, ...]:
        """Everything but the revision itself."""
        return self.champion, self.why, self.eligible, self.verdict, self.against


class Comparison(Report):
    """Everything that a reviewer asks of a change."""

    base: Side
    head: Side
    problems: tuple[str, ...]
    """Each forbids the merge."""
    unread: tuple[str, ...]
    """The reports of the base that this code cannot read, a line each."""
    waivers: tuple[str, ...]
    candidates: tuple[results.CandidateComparison, ...]
    champion_metrics: tuple[results.MetricChange, ...]
    metrics: tuple[results.MetricChange, ...]
    """Of every candidate, beside itself."""
    fairness: dict[str, tuple[results.GroupComparison, ...]]
    """By candidate, beside itself, and under CHAMPION."""
    people: DecisionComparison | Uncompared
    measured: MeasuredPeople | Uncompared | None
    """Who is in both test sets; None: they are the same table."""
    features: FeatureComparison
    data: DataComparison
    params: dict[str, Sides[Any]]
    """Those that changed, by the path of the key; an absent key counts as null."""

    @property
    def findings(self) -> tuple[ChangeFinding, ...]:
        """The changes per group on the same people; none where they cannot be compared."""
        return self.people.findings if isinstance(self.people, DecisionComparison) else ()

    @property
    def has_changes(self) -> bool:
        """Tell whether anything changed, or forbids the merge."""
        return (
            self.base.outcome != self.head.outcome
            or any(row.base != row.head for row in self.metrics)
            or any(row.has_changed for rows in self.fairness.values() for row in rows)
            or (isinstance(self.people, DecisionComparison) and self.people.has_changes)
            or self.features.has_changes
            or self.data.has_changes
            or bool(self.params or self.problems)
        )


def compare_revisions(base: Revision, head: Revision) -> Comparison:
    """Compare two revisions in everything that a reviewer asks of a change.

    Raises CreditError for a report of the head that does not fit. One of the base does not have to, as older code may
    have written it: then `unread` names it, and its figures count as absent.
    """
    revisions = Sides(base, head)
    reports = Sides(read_revision_reports(base, strict=False), read_revision_reports(head, strict=True))
    sides = Sides(_describe_side(base, reports.base), _describe_side(head, reports.head))
    champions = sides.map(lambda side: side.champion)
    measured = compare_test_people(revisions)
    same_people = measured is None or (isinstance(measured, MeasuredPeople) and measured.are_the_same)
    beside_itself = {name: results.compare_fairness(reports, Sides(name, name)) for name in reports.head.metrics}
    return Comparison(
        base=sides.base,
        head=sides.head,
        problems=tuple(_find_problems(head, sides.head)),
        unread=reports.base.unread,
        waivers=tuple(_list_waivers(head)),
        candidates=results.compare_candidates(reports),
        champion_metrics=results.compare_candidate_metrics(reports, champions, same_people),
        metrics=results.compare_metrics(reports, same_people),
        fairness={CHAMPION: results.compare_fairness(reports, champions)} | beside_itself,
        people=compare_decisions(revisions, champions),
        measured=measured,
        features=compare_features(reports),
        data=compare_data(revisions, reports),
        params=compare_params(revisions),
    )


def _describe_side(revision: Revision, reports: RevisionReports) -> Side:
    choice = reports.choice
    judged = reports.fairness.get(choice.champion) if choice else None
    return Side(
        name=revision.name,
        commit=revision.commit,
        champion=choice.champion if choice else None,
        why=choice.why if choice else None,
        eligible=choice.chosen.eligible if choice else None,
        verdict=judged.verdict if judged else None,
        unsigned_failures=tuple(finding.reason for finding in judged.unsigned_failures) if judged else (),
        against={name: one.against for name, one in (choice.candidates.items() if choice else ()) if not one.eligible},
    )


def _find_problems(head: Revision, side: Side) -> list[str]:
    """Find each problem that forbids the merge.

    The rule as champion is none, unless it fails equal treatment and nobody signs for that; nobody may then.
    """
    found = find_altered_reports(head)
    name = side.champion
    if name is None:
        return [*found, "reports/choice.json names no champion; run dvc repro and commit reports"]
    if name != HEURISTIC and not side.eligible:
        reasons = side.against.get(name) or ("reports/choice.json gives no reason",)
        found += [f"the champion {name} did not pass every gate: {reason}" for reason in reasons]
    else:
        who = "the rule" if name == HEURISTIC else f"the champion {name}"
        found += [f"{who} fails equal treatment, and nobody signs for it: {one}" for one in side.unsigned_failures]
    return found


def _list_waivers(revision: Revision) -> list[str]:
    """List the waivers, a line each: who let which finding through, why, and until when."""
    if revision.commit is None:
        return describe_waivers(Path("waivers"))
    with tempfile.TemporaryDirectory(prefix="release-") as temporary:
        (Path(temporary) / "waivers").mkdir()
        for name in list_files_at(revision.commit, "waivers/"):
            copy = Path(temporary) / "waivers" / Path(name).name
            copy.write_text(revision.read_text(name) or "", encoding="utf-8")
        return [line.replace(f"{temporary}/", "", 1) for line in describe_waivers(Path(temporary) / "waivers")]
