"""The figures of all groups and pairs of groups as a JSON-ready dictionary. What is undefined is None, never NaN."""

from typing import Any

import numpy as np

from credit.fairness.counts import PAIR_SEPARATOR, AttributeKey, PeopleCounts, compute_undisclosed_share, encode_number
from credit.fairness.metrics import METRICS


def compute_fairness_metrics(counts: PeopleCounts, level: float = 0.95) -> dict[str, Any]:
    """Every figure `<name>` with its `<name>_interval`, per group of each attribute and per pair of groups.

    The reference has no comparisons with itself. An interval's upper end of None is no bound.
    """
    return {
        "rows": counts.rows,
        "level": level,
        "attributes": {key[0]: compute_group_metrics(counts, key, level) for key in counts.attributes},
        "pairs": {PAIR_SEPARATOR.join(key): compute_group_metrics(counts, key, level) for key in counts.pairs},
    }


def compute_group_metrics(counts: PeopleCounts, key: AttributeKey, level: float) -> dict[str, Any]:
    """The reference, the share of undisclosed people, and each group's figures."""
    people, scores = counts.flatten_cells(key)
    names = counts.list_groups(key)
    total, scored = people.sum((1, 2)), scores[..., 0].sum(-1)
    groups: dict[str, dict[str, Any]] = {
        name: {"people": int(total[cell]), "unscored": int(total[cell] - scored[cell])}
        for cell, name in enumerate(names)
    }
    for figure, of in METRICS.items():
        value, low, high, _ = of(people, scores, level)
        for cell, name in enumerate(names):
            defined = not np.isnan(value[cell])
            groups[name][figure] = encode_number(value[cell])
            groups[name][f"{figure}_interval"] = (
                [encode_number(low[cell]), encode_number(high[cell])] if defined else None
            )
    return {
        "reference": names[0],
        "undisclosed_share": encode_number(compute_undisclosed_share(counts, key)),
        "groups": groups,
    }
