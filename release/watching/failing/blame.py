"""Find on whom a model failed by itself: an error is its own, and lateness where it is slow, however idle the machine.

Decided again nobody waits, so that each other version looks better than one that is late. Whether it is slow is told by
deciding the same people again by it and by the version before, in turns: on a busy machine both take longer.
"""

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.bundle.rule_causes import classify_cause, find_limit
from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.registry.store import Store, StoreError
from release.deployment.change import FALLBACK_TARGET
from release.oncall.affected import LiveDecider, load_decider
from release.watching.failing.pace import measure_pace
from release.watching.taking_back.target import Candidate, Question
from watch.failures import FailureFinding
from watch.sample import Sample, SampledApplication, read_sample

SLOWER = 3
"""How many times as long as the version before a model takes that is slow by itself."""
_WAITING = 100
"""Who is late by a model that takes less than such a part of its limit waited for as many others, or the machine."""
_LATE = ("slow", "late")
"""The labels of causes for a model that works, and not in time."""


class FailedPeople(NamedTuple):
    """The newest applicants of an entry, and on whom its model failed by itself, shape (n,).

    `doubt`: why these are not beyond the budget, though all on whom it failed or was late are; empty where they are.
    `is_timed`: some were late, so that it was measured, here and now, how long the model takes.
    """

    sample: Sample
    failed: NDArray[np.bool_]
    doubt: str = ""
    is_timed: bool = False


def find_failed(
    store: Store, database: Database, question: Question, failing: FailureFinding, candidates: Sequence[Candidate]
) -> FailedPeople:
    """Find on whom the model of an entry failed by itself, late ones among them where it is shown to be slow.

    Raises CreditError when log or store are out of reach.
    """
    live, number = question.live, question.params.rescored
    sample = read_sample(
        database, question.environment, live.number, live.digest, number, question.until, with_failed=True
    )
    failed = np.array([one.failed for one in sample.applications], dtype=bool)
    late = np.array([one.failed and _is_late(one) for one in sample.applications], dtype=bool)
    if not late.any():
        return FailedPeople(sample, failed)
    people = [one for one, is_late in zip(sample.applications, late, strict=True) if is_late]
    doubt = _doubt_lateness(store, question, people, failing.budget, candidates)
    if not doubt:
        return FailedPeople(sample, failed, is_timed=True)
    own = failed & ~late
    recent = np.array([one.decided_at.timestamp() >= failing.since for one in sample.applications])
    is_beyond = own[recent].sum() > failing.budget * recent.sum()
    return FailedPeople(sample, own, "" if is_beyond else doubt, is_timed=True)


def _is_late(one: SampledApplication) -> bool:
    return classify_cause(one.because or "") in _LATE


def _doubt_lateness(
    store: Store,
    question: Question,
    people: Sequence[SampledApplication],
    budget: float,
    candidates: Sequence[Candidate],
) -> str:
    """Say why lateness is not shown to be the model's; empty where it is, or where it fails on the same people again.

    It must fail again on more of them than the budget allows by chance. Without a version before that comes to an end,
    it is held against the limit that it did not keep; and a model that is far below the limit is not slow, however
    quick the version before is.
    """
    from scipy.stats import binom  # half a second, which only lateness needs

    live = question.live
    try:
        own = load_decider(store, live)
    except StoreError:
        raise
    except CreditError as error:
        return f"{live.version} is late, and cannot be loaded to be timed: {error.problems[0]}"
    before = _load_before(store, candidates)
    pace = measure_pace([own] if before is None else [own, before[1]], [one.inputs for one in people])
    if binom.sf(pace.failed - 1, pace.decided, budget) <= question.params.failing_alpha:
        return ""
    limit = max(find_limit(one.because or "") or 0.0 for one in people)
    allowed, beside = limit, ""
    if before is not None and isfinite(pace.medians[1]):
        allowed = max(SLOWER * pace.medians[1], limit / _WAITING)
        beside = f", where {before[0]} takes {_format(pace.medians[1])}"
    if pace.medians[0] >= allowed:
        return ""
    told = f"{live.version} is late, and takes {_format(pace.medians[0])} for one of the late ones"
    return f"{told}{beside}, and the limit is {_format(limit)}: as far as is known the machine has too much to do"


def _format(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.3g} s" if isfinite(seconds) else "too long to wait for"
    return f"{seconds * 1e3:.3g} ms"


def _load_before(store: Store, candidates: Sequence[Candidate]) -> tuple[str, LiveDecider] | None:
    """Load the version before with its name; None where there is none, or it cannot be loaded."""
    for one in candidates:
        if one.name != FALLBACK_TARGET:
            try:
                return one.name, load_decider(store, one.entry)
            except StoreError:
                raise
            except CreditError:
                return None
    return None
