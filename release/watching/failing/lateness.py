"""Tell whether a model is late by itself, or the machine that it runs on has too much to do.

Decided again, nobody is late: there is no queue. So the live version and the one before decide the same applicants in
turns, and their times are compared. On a busy machine both take longer, and nothing is won by the other.
"""

import time
from collections.abc import Sequence
from statistics import median

from credit.bundle.rule_causes import classify_cause
from credit.common.errors import CreditError
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store, StoreError
from release.deployment.change import FALLBACK_TARGET
from release.oncall.affected import LiveDecider, load_decider
from release.watching.target import Candidate
from watch.sample import SampledApplication

SLOWER = 3
"""How many times as long a version takes that is late by itself: far more than two good models differ in noise."""
_LATE = ("slow", "late")
"""The labels of causes for a model that works, and not in time."""
_TIMED = 101
"""Applicants who are timed, at the most."""


def explain_lateness(
    store: Store, live: LedgerEntry, applications: Sequence[SampledApplication], candidates: Sequence[Candidate]
) -> str:
    """Explain why lateness is not shown to be the model's; empty where it is, or where most failures are no lateness.

    Raises CreditError when the live version cannot be loaded, StoreError when the store does not answer.
    """
    failed = [one for one in applications if one.failed]
    late = sum(classify_cause(one.because or "") in _LATE for one in failed)
    if 2 * late <= len(failed):
        return ""
    before = next((one for one in candidates if one.name != FALLBACK_TARGET), None)
    if before is None:
        return f"{live.version} is late, and no version was before it whose time could be compared"
    own_decider = load_decider(store, live)
    try:
        deciders = own_decider, load_decider(store, before.entry)
    except StoreError:
        raise
    except CreditError:
        return f"{live.version} is late, and {before.name}, whose time would be compared, cannot be loaded"
    own, other = measure_medians(deciders, failed[:: max(1, len(failed) // _TIMED)])
    if own >= SLOWER * other:
        return ""
    return (
        f"{live.version} is late, and takes {own * 1e3:.1f} ms for an applicant where {before.name} takes "
        f"{other * 1e3:.1f} ms: the machine has too much to do, as far as is known"
    )


def measure_medians(
    deciders: tuple[LiveDecider, LiveDecider], applications: Sequence[SampledApplication]
) -> tuple[float, float]:
    """Measure the median seconds of two deciders for the same applicants, in turns, so that both meet the same load."""
    times: tuple[list[float], list[float]] = ([], [])
    for one in applications:
        for decider, own in zip(deciders, times, strict=True):
            start = time.perf_counter()
            decider.decide_inputs(one.inputs)
            own.append(time.perf_counter() - start)
    return median(times[0]), median(times[1])
