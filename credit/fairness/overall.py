"""What the findings of one candidate come to: a verdict per attribute and in all, and the ratio to look at first."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from credit.columns import UNDISCLOSED
from credit.fairness.counts import Counts
from credit.fairness.figures import FIGURES
from credit.fairness.report import number

WORST_FIRST = ("fail", "insufficient", "not assessable", "pass", "reported")
RATIO = "adverse_impact_ratio"


def worst(verdicts: Sequence[str]) -> str:
    """The verdict of many: it passes only if each does. `reported` where nothing has a limit."""
    return min(verdicts, key=WORST_FIRST.index, default="reported")


def by_attribute(findings: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each attribute's verdict, whether it blocks, and the groups that are too small to judge.

    Too few undisclosed people to judge do not change the verdict: their share has limits of its own.
    """
    attributes: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys(finding["attribute"] for finding in findings):
        own = [finding for finding in findings if finding["attribute"] == name]
        small = dict.fromkeys(f["group"] for f in own if f["verdict"] == "not assessable")
        counted = [
            finding["verdict"]
            for finding in own
            if finding["group"] != UNDISCLOSED or finding["verdict"] != "not assessable"
        ]
        blocks = any(finding["blocks"] for finding in own)
        nobody_hides = not any(f["people"] for f in own if f["group"] == UNDISCLOSED)
        if nobody_hides:
            small.pop(UNDISCLOSED, None)
        attributes[name] = {"verdict": worst(counted), "blocks": blocks, "not_assessable": list(small)}
    return attributes


def lowest_ratio(counts: Counts, level: float, smallest_denominator: int) -> dict[str, Any] | None:
    """The lowest adverse impact ratio of a single attribute's group, its interval, and whose it is.

    Groups, and references, of fewer than `smallest_denominator` people are left aside; None where no other is left.
    """
    lowest = None
    for key in counts.attributes:
        value, low, high, n = FIGURES[RATIO](*counts.cells(key), level)
        enough = ~np.isnan(value) & (n >= smallest_denominator) & (n[0] >= smallest_denominator)
        for cell in np.flatnonzero(enough):
            if lowest is None or value[cell] < lowest["value"]:
                lowest = {
                    "value": float(value[cell]),
                    "interval": [number(low[cell]), number(high[cell])],
                    "attribute": key[0],
                    "group": counts.names(key)[cell],
                    "people": int(n[cell]),
                }
    return lowest
