"""Find what a failing version is taken back to: who decides the same applicants without failing, nobody unequally."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.registry.store import Store, StoreError
from release.oncall.affected import LiveDecider, Redecision, load_decider
from release.watching.failing.lateness import explain_lateness
from release.watching.target import Candidate, FailedShares, Question, Trial, find_breach, list_small
from watch.failures import FailureFinding, compare_failures
from watch.paired import Starts, choose_starts, compare_paired
from watch.reading import MODEL_AT_FAULT
from watch.sample import Sample, read_sample


class _Redecided(NamedTuple):
    """What a candidate decided: approvals, and on whom it failed itself; shape (n,) each."""

    decided: int
    approved: NDArray[np.bool_]
    failed: NDArray[np.bool_]


def try_for_failing(
    store: Store, database: Database, question: Question, failing: FailureFinding, candidates: Sequence[Candidate]
) -> list[Trial]:
    """Try candidates on the newest applicants of an entry, those on whom its model failed among them.

    Up to the first one that is the target. Raises CreditError when log or store are out of reach.
    """
    live, number = question.live, question.params.rescored
    sample = read_sample(
        database, question.environment, live.number, live.digest, number, question.until, with_failed=True
    )
    if why_not := explain_lateness(store, live, sample.applications, candidates):
        return [Trial(one.name, 0, len(sample.applications), {}, why_not) for one in candidates[:1]]
    trials: list[Trial] = []
    for candidate in candidates:
        trials.append(_try(store, sample, question, failing, candidate, len(candidates)))
        if not trials[-1].why_not:
            break
    return trials


def _try(
    store: Store, sample: Sample, question: Question, failing: FailureFinding, candidate: Candidate, number: int
) -> Trial:
    try:
        decider = load_decider(store, candidate.entry)
    except StoreError:
        raise  # else a store that fails for a moment would hand everybody to the next candidate
    except CreditError as error:
        return Trial(candidate.name, 0, 0, {}, f"it cannot be loaded: {error.problems[0]}")
    asked = len(sample.applications)
    other = _decide(decider, sample)
    refuse = partial(Trial, candidate.name, other.decided, asked, {})
    if other.decided < question.params.least_rescored * max(asked, 1):
        return refuse(f"it can decide {other.decided:,} of {asked:,} applications only")
    moments = np.array([one.decided_at.timestamp() for one in sample.applications])
    starts = choose_starts(moments, sample.is_whole, question.judging.horizon_days) if asked else None
    if starts is None:
        return refuse(f"{asked:,} applications of one moment prove nothing")
    live = np.array([one.failed for one in sample.applications])
    kept = slice(starts.skipped, None)
    better = compare_failures(live, other.failed, starts)
    shares = FailedShares(float(live[kept].mean()), float(other.failed[kept].mean()), better)
    needed = number / question.params.better_alpha
    if shares.other > failing.budget:
        why_not = f"it fails on {shares.other:.1%} of them itself, and the budget is {failing.budget:.1%}"
    elif better < needed:
        why_not = f"not better beyond doubt, evidence {better:,.3g} of {needed:,.3g}"
    else:
        why_not = _find_breach(sample, question, other.approved, starts)
    return refuse(why_not)._replace(failures=shares)


def _decide(decider: LiveDecider, sample: Sample) -> _Redecided:
    made = [decider.decide_inputs(one.inputs) for one in sample.applications]
    return _Redecided(
        sum(one.decision is not None for one in made),
        np.array([one.decision is not None and one.decision.decision == "approve" for one in made]),
        np.array(list(map(_is_failure, made)), dtype=bool),
    )


def _is_failure(made: Redecision) -> bool:
    return made.rule_because is not None and made.rule_because.startswith(MODEL_AT_FAULT)


def _find_breach(sample: Sample, question: Question, other: NDArray[np.bool_], starts: Starts) -> str:
    """Find a group that the candidate treats unequally itself; empty without one."""
    codes = np.array([question.groups.assign(one.protected) for one in sample.applications], dtype=np.int64)
    live = np.array([one.decision == "approve" for one in sample.applications])
    found = {
        (name, group): compare_paired(codes[:, place], code, live, other, starts, question.judging.limit)
        for place, (name, groups) in enumerate(question.groups.names.items())
        for code, group in enumerate(groups)
        if code
    }
    return find_breach(found, list_small(codes[starts.skipped :], question.groups), question)
