"""The figures of all groups and pairs of groups as a JSON-ready dictionary. What is undefined is None, never NaN."""

from typing import Any

import numpy as np

from credit.fairness.counts import AND, Counts, Key, number, undisclosed_share
from credit.fairness.metrics import FIGURES


def report(counts: Counts, level: float = 0.95) -> dict[str, Any]:
    """Every figure `<name>` with its `<name>_interval`, per group of each attribute and per pair of groups.

    The reference has no comparisons with itself. An interval's upper end of None is no bound.
    """
    return {
        "rows": counts.rows,
        "level": level,
        "attributes": {key[0]: of_key(counts, key, level) for key in counts.attributes},
        "pairs": {AND.join(key): of_key(counts, key, level) for key in counts.pairs},
    }


def of_key(counts: Counts, key: Key, level: float) -> dict[str, Any]:
    """The reference, the share of undisclosed people, and each group's figures."""
    people, scores = counts.cells(key)
    names = counts.names(key)
    total, scored = people.sum((1, 2)), scores[..., 0].sum(-1)
    groups: dict[str, dict[str, Any]] = {
        name: {"people": int(total[cell]), "unscored": int(total[cell] - scored[cell])}
        for cell, name in enumerate(names)
    }
    for figure, of in FIGURES.items():
        value, low, high, _ = of(people, scores, level)
        for cell, name in enumerate(names):
            defined = not np.isnan(value[cell])
            groups[name][figure] = number(value[cell])
            groups[name][f"{figure}_interval"] = [number(low[cell]), number(high[cell])] if defined else None
    return {"reference": names[0], "undisclosed_share": number(undisclosed_share(counts, key)), "groups": groups}
