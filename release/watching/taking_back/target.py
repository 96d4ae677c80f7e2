"""Find what an unlawful version is taken back to: who decides the same applicants better by paired evidence."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import Version, parse_version
from credit.registry.store import StoreError
from release.deployment.change import FALLBACK_TARGET
from release.oncall.patience import UnansweredError
from release.oncall.redeciding import LoadDecide, Redecided
from watch.evidence import REFERENCE
from watch.groups import WatchedGroups
from watch.judging import GroupFinding
from watch.paired import PairedFinding, Starts, compare_paired, list_starts
from watch.params import WatchParams
from watch.sample import Sample, read_sample
from watch.streams import Judging

LEAST_SHOWN = 10
"""People of a group that has fewer could be recognised in its figures."""

_NOT_SHOWN = "not shown, of too few people"


class Candidate(NamedTuple):
    """Who might decide instead: the name that a rollback takes, and an entry by which it would."""

    name: str
    entry: LedgerEntry


class FailedShares(NamedTuple):
    """On how many of the same applicants the live model failed, and another one would.

    `better`: the evidence that the other fails less often.
    """

    live: float
    other: float
    better: float


class Trial(NamedTuple):
    """A candidate, tried on the applicants of the live version.

    `findings`: by attribute and group, of those in alarm. `why_not`: why it is not the target, empty where it is.
    `small`: of the groups too few of which, or of the group beside them, were asked to show figures.
    `failures`: where the live model fails.
    """

    name: str
    decided: int
    asked: int
    findings: dict[tuple[str, str], PairedFinding]
    why_not: str
    small: frozenset[tuple[str, str]] = frozenset()
    failures: FailedShares | None = None


class ComparedGroups(NamedTuple):
    """Every group but the references, by attribute and group, and those of them that are too small to be shown."""

    found: dict[tuple[str, str], PairedFinding]
    small: frozenset[tuple[str, str]]


class Question(NamedTuple):
    """The live entry for which a target is looked for: its groups, its alarms, and how they are judged.

    `until`: what is dated later is tried on nobody; None: all is.
    """

    environment: str
    live: LedgerEntry
    groups: WatchedGroups
    alarms: Sequence[GroupFinding]
    params: WatchParams
    judging: Judging
    until: datetime | None = None


def list_candidates(
    ledger: Ledger, live: LedgerEntry, withdrawn: Collection[Version], quarantined: Collection[str]
) -> list[Candidate]:
    """List who might decide instead, in the order in which they are tried: the version before, then the rule.

    A version that is withdrawn or in quarantine is passed over, and so is one newer than the live version: the watch
    never goes forward.
    """
    found = []
    number = live.back
    while number is not None:
        entry = ledger.read_entry(number)
        version = parse_version(entry.version)
        if version not in withdrawn and entry.digest not in quarantined and version < parse_version(live.version):
            found.append(Candidate(entry.version, entry.model_copy(update={"kind": "deploy"})))
            break
        number = entry.back
    return [*found, Candidate(FALLBACK_TARGET, live.model_copy(update={"kind": "fallback"}))]


def try_candidates(
    database: Database, question: Question, candidates: Sequence[Candidate], load: LoadDecide
) -> list[Trial]:
    """Try candidates on the newest applicants of the live entry, up to the first one that is better.

    Raises CreditError when log or store are out of reach: of who cannot be asked nothing is concluded.
    """
    live, number = question.live, question.params.rescored
    sample = read_sample(database, question.environment, live.number, live.digest, number, question.until)
    return try_each(sample, question, candidates, load, partial(_judge, sample, question, len(candidates)))


def try_each(
    sample: Sample,
    question: Question,
    candidates: Sequence[Candidate],
    load: LoadDecide,
    judge: Callable[[Trial, Sequence[Redecided], Sequence[Starts]], Trial],
) -> list[Trial]:
    """Try candidates on a sample, up to the first one that is the target. judge: completes a trial."""
    trials: list[Trial] = []
    for candidate in candidates:
        trials.append(_try(sample, question, candidate, load, judge))
        if not trials[-1].why_not:
            break
    return trials


def _try(
    sample: Sample,
    question: Question,
    candidate: Candidate,
    load: LoadDecide,
    judge: Callable[[Trial, Sequence[Redecided], Sequence[Starts]], Trial],
) -> Trial:
    try:
        decide = load(candidate.entry)
    except StoreError:
        raise  # else a store that fails for a moment would hand everybody to the next candidate
    except CreditError as error:
        return Trial(candidate.name, 0, 0, {}, f"it cannot be loaded: {error.problems[0]}")
    try:
        answers = decide({one.id: one.inputs for one in sample.applications})
    except UnansweredError as error:
        return Trial(candidate.name, 0, 0, {}, f"it {error.problems[0].found}")
    decided, asked = sum(one.kind is not None for one in answers), len(answers)
    trial = Trial(candidate.name, decided, asked, {}, "")
    if decided < question.params.least_rescored * max(asked, 1):
        return trial._replace(why_not=f"it can decide {decided:,} of {asked:,} applications only")
    moments = np.array([one.decided_at.timestamp() for one in sample.applications])
    starts = list_starts(moments, sample.is_whole, question.judging.horizon_days) if asked else []
    if not starts:
        return trial._replace(why_not=f"{asked:,} applications of one moment prove nothing")
    return judge(trial, answers, starts)


def _judge(
    sample: Sample,
    question: Question,
    number: int,
    trial: Trial,
    answers: Sequence[Redecided],
    starts: Sequence[Starts],
) -> Trial:
    compared = compare_groups(sample, question, np.array([one.kind == "approve" for one in answers]), starts)
    in_alarm = {(one.attribute, one.group): compared.found[one.attribute, one.group] for one in question.alarms}
    why_not = _find_objection(compared, in_alarm, question, number)
    return trial._replace(findings=in_alarm, why_not=why_not, small=compared.small)


def compare_groups(
    sample: Sample, question: Question, other: NDArray[np.bool_], starts: Sequence[Starts]
) -> ComparedGroups:
    """Compare for each group who was approved with whom another one would approve. `other`: shape (n,)."""
    codes = question.groups.assign_all([one.protected for one in sample.applications])
    live = np.array([one.decision == "approve" for one in sample.applications])
    found = {
        (name, group): compare_paired(codes[:, place], code, live, other, starts, question.judging.limit)
        for place, (name, groups) in enumerate(question.groups.names.items())
        for code, group in enumerate(groups)
        if code
    }
    return ComparedGroups(found, _list_small(codes, question.groups))


def _list_small(codes: NDArray[np.int64], groups: WatchedGroups) -> frozenset[tuple[str, str]]:
    """List the groups too few of which, or of the group beside them, are among applicants. `codes`: shape (n, k)."""
    counts = {
        name: np.bincount(codes[:, place], minlength=len(there))
        for place, (name, there) in enumerate(groups.names.items())
    }
    return frozenset(
        (name, group)
        for name, there in groups.names.items()
        for code, group in enumerate(there)
        if min(counts[name][code], counts[name][REFERENCE]) < LEAST_SHOWN
    )


def _find_objection(
    compared: ComparedGroups, in_alarm: dict[tuple[str, str], PairedFinding], question: Question, number: int
) -> str:
    """Find why a candidate is not the target: it must help every group in alarm, and harm none."""
    judging, needed = question.judging, number / question.params.better_alpha
    for name, one in in_alarm.items():
        if one.ratio is None or one.ratio < judging.limit:
            ratio = "no approvals to compare" if one.ratio is None else f"ratio {one.ratio:.2f}"
            shown = f"ratio {_NOT_SHOWN}" if name in compared.small else ratio
            return f"{' '.join(name)}: {shown}, and the limit is {judging.limit:g}"
        if one.better < needed:
            shown = _NOT_SHOWN if name in compared.small else f"{one.better:,.3g} of {needed:,.3g}"
            return f"{' '.join(name)}: not better beyond doubt, evidence {shown}"
    return find_breach(compared, question)


def find_breach(compared: ComparedGroups, question: Question) -> str:
    """Find a group that a candidate treats unequally itself; empty without one."""
    for name, one in compared.found.items():
        if one.breach >= question.groups.number / question.judging.alpha:
            shown = _NOT_SHOWN if name in compared.small else f"{one.breach:,.3g}"
            return f"{' '.join(name)}: it is below the limit itself, evidence {shown}"
    return ""
