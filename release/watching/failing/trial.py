"""Find what a failing version is taken back to: who decides the same applicants without failing, nobody unequally."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from release.oncall.redeciding import LoadDecide, Redecided
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
    people: FailedPeople, question: Question, budget: float, candidates: Sequence[Candidate], load: LoadDecide
) -> list[Trial]:
    """Try candidates on people on some of whom the live model failed, up to the first one that is the target.

    `budget`: the share that a model may fail on. Raises StoreError when the store is out of reach.
    """
    judge = partial(_judge, people, question, budget, len(candidates))
    return try_each(people.sample, question, candidates, load, judge)


def _judge(
    people: FailedPeople,
    question: Question,
    budget: float,
    number: int,
    trial: Trial,
    answers: Sequence[Redecided],
    starts: Sequence[Starts],
) -> Trial:
    failed = np.array([one.kind is not None and is_failure(one.rule_because) for one in answers])
    better = compare_failures(people.failed, failed, starts)
    shares = FailedShares(float(people.failed.mean()), float(failed.mean()), better)
    needed = number / question.params.better_alpha
    if shares.other > budget:
        why_not = f"it fails on {shares.other:.1%} of them itself, and the budget is {budget:.1%}"
    elif better < needed:
        why_not = f"not better beyond doubt, evidence {better:,.3g} of {needed:,.3g}"
    else:
        approved = np.array([one.kind == "approve" for one in answers])
        why_not = find_breach(compare_groups(people.sample, question, approved, starts), question)
    return trial._replace(why_not=why_not, failures=shares)
