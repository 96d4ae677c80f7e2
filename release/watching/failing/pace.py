"""Measure how long models take for the same applicants, in turns, so that all meet the same load of the machine."""

import math
import time
from collections.abc import Sequence
from concurrent.futures import wait
from statistics import median
from typing import NamedTuple

from credit.scoring.row_encoder import ApplicationRow
from release.oncall.affected import LiveDecider
from release.oncall.patience import start_work
from watch.reading import MODEL_AT_FAULT

_MOST = 101
"""Applicants who are decided again, at the most, evenly from first to last."""
_SECONDS = 10.0
"""After how long no further one is."""
_PATIENCE = 20.0
"""How much longer one that has begun may take; its thread is left alone then, and a model never waited for."""


class Pace(NamedTuple):
    """The median seconds of each model for an applicant, infinite where one did not come to an end.

    `decided`: how many the first model decided again, and `failed`: on how many of them it failed.
    """

    medians: list[float]
    decided: int
    failed: int


def measure_pace(deciders: Sequence[LiveDecider], applications: Sequence[ApplicationRow]) -> Pace:
    """Measure some models on applications, at least one. What a model raises is raised."""
    times: list[list[float]] = [[] for _ in deciders]
    failures: list[bool] = []
    turn, began = 0, time.perf_counter()

    def decide_in_turns() -> None:
        nonlocal turn, began
        start = time.perf_counter()
        for inputs in applications[:: -(-len(applications) // _MOST)]:
            for turn, decider in enumerate(deciders):
                began = time.perf_counter()
                made = decider.decide_inputs(inputs)
                times[turn].append(time.perf_counter() - began)
                failures.extend([is_failure(made.rule_because)] if turn == 0 else [])
            if time.perf_counter() - start > _SECONDS:
                return

    _, done = start_work("pace", decide_in_turns)
    wait([done], _SECONDS + _PATIENCE)
    if done.done():
        done.result()
    else:
        taken = [sum(one) for one in times]
        taken[turn] += time.perf_counter() - began
        times[taken.index(max(taken))] = [math.inf]  # who is at it when patience ends may be the quick one
    medians = [median(one) if one else 0.0 for one in times]
    return Pace(medians, len(failures), sum(failures))


def is_failure(rule_because: str | None) -> bool:
    """Tell whether the rule decided since the model failed. `rule_because`: why it did, None where it did not."""
    return rule_because is not None and rule_because.startswith(MODEL_AT_FAULT)
