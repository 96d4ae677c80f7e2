"""The features of two revisions: which came, which went, and what they tell about protected attributes."""

from typing import Any

from credit.reports.features import FeaturesReport
from release.repository.reports import RevisionReports

PROXY_AUC = 0.65
"""From this AUC on a feature counts as a proxy of a protected attribute; the example beside `max_proxy` in params."""


def compare_features(base: RevisionReports, head: RevisionReports) -> dict[str, Any]:
    """Compare features: added, dropped and why, and those that guess a protected attribute in the head only."""
    before, after = (set(side.features.kept) if side.features else set() for side in (base, head))
    why = {row.feature: row.verdict for row in head.features.features} if head.features else {}
    known = {(proxy["feature"], proxy["attribute"]) for proxy in _list_proxies(base.features)}
    return {
        "added": sorted(after - before),
        "dropped": {name: why.get(name, "no longer in the table") for name in sorted(before - after)},
        "kept": len(after),
        "new_proxies": [
            proxy for proxy in _list_proxies(head.features) if (proxy["feature"], proxy["attribute"]) not in known
        ],
    }


def _list_proxies(report: FeaturesReport | None) -> list[dict[str, Any]]:
    """List the proxies among the kept features."""
    return [
        {"feature": row.feature, "attribute": attribute, "auc": auc}
        for row in (report.features if report else ())
        if report and row.feature in report.kept
        for attribute, auc in row.proxy.items()
        if auc >= PROXY_AUC
    ]
