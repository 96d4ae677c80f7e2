"""Find what a failing version is taken back to: who decides the same applicants without failing, nobody unequally."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from credit.scoring.row_encoder import ApplicationRow
from release.oncall.affected import Redecision, load_decider
from release.watching.failing.blame import FailedPeople
from release.watching.failing.pace import is_failure
from release.watching.taking_back.target import (
    Candidate,
    FailedShares,
    Question,
    Trial,
    compare_groups,
    find_breach,
    try_each,
)
from watch.failures import compare_failures
from watch.paired import Starts


def try_for_failing(
    store: Store, people: FailedPeople, question: Question, budget: float, candidates: Sequence[Candidate]
) -> list[Trial]:
    """Try candidates on people on some of whom the live model failed, up to the first one that is the target.

    `budget`: the share that a model may fail on. Raises StoreError when the store is out of reach.
    """
    judge = partial(_judge, people, question, budget, len(candidates))
    return try_each(people.sample, question, candidates, partial(_load, store), judge)


def _load(store: Store, entry: LedgerEntry) -> Callable[[Mapping[str, ApplicationRow]], list[Redecision | None]]:
    decider = load_decider(store, entry)

    def decide(applications: Mapping[str, ApplicationRow]) -> list[Redecision | None]:
        made = map(decider.decide_inputs, applications.values())
        return [one if one.decision else None for one in made]

    return decide


def _judge(
    people: FailedPeople,
    question: Question,
    budget: float,
    number: int,
    trial: Trial,
    answers: Sequence[Redecision | None],
    starts: Starts,
) -> Trial:
    kept = slice(starts.skipped, None)
    failed = np.array([one is not None and is_failure(one) for one in answers])
    better = compare_failures(people.failed, failed, starts)
    shares = FailedShares(float(people.failed[kept].mean()), float(failed[kept].mean()), better)
    needed = number / question.params.better_alpha
    if shares.other > budget:
        why_not = f"it fails on {shares.other:.1%} of them itself, and the budget is {budget:.1%}"
    elif better < needed:
        why_not = f"not better beyond doubt, evidence {better:,.3g} of {needed:,.3g}"
    else:
        kinds = [one and one.decision and one.decision.decision for one in answers]
        approved = np.array([kind == "approve" for kind in kinds])
        why_not = find_breach(compare_groups(people.sample, question, approved, starts), question)
    return trial._replace(why_not=why_not, failures=shares)
