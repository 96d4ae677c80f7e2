"""The features of two revisions: which came, which went, and what they tell about protected attributes."""

from credit.reports.base import Count, ReportPart, Share
from credit.reports.features import FeaturesReport
from release.compare.sides import Sides
from release.repository.reports import RevisionReports

PROXY_AUC = 0.65
"""From this AUC on a feature counts as a proxy of a protected attribute; the example beside `max_proxy` in params."""


class Proxy(ReportPart):
    """A feature that guesses a protected attribute, and how well: 0.5 no better than chance, 1 certain."""

    feature: str
    attribute: str
    auc: Share


class FeatureComparison(ReportPart):
    """The features that the models see."""

    added: tuple[str, ...]
    dropped: dict[str, str]
    """By feature: why."""
    kept: Count
    """How many the head has."""
    new_proxies: tuple[Proxy, ...]
    """Those of the head that are none in the base."""
    new_places: tuple[str, ...]
    """Those of the head that are about a place, and so about who lives there, and are not in the base."""

    @property
    def has_changes(self) -> bool:
        """Tell whether a feature came, went or became a proxy."""
        return bool(self.added or self.dropped or self.new_proxies or self.new_places)


def compare_features(reports: Sides[RevisionReports]) -> FeatureComparison:
    """Compare features: added, dropped and why, and those that guess a protected attribute in the head only."""
    before, after = reports.map(lambda side: set(side.features.kept) if side.features else set())
    report = reports.head.features
    why = {row.feature: row.verdict for row in report.features} if report else {}
    known = {(proxy.feature, proxy.attribute) for proxy in _list_proxies(reports.base.features)}
    proxies, known_places = _list_proxies(report), _list_places(reports.base.features)
    return FeatureComparison(
        added=tuple(sorted(after - before)),
        dropped={name: why.get(name, "no longer in the table") for name in sorted(before - after)},
        kept=len(after),
        new_proxies=tuple(proxy for proxy in proxies if (proxy.feature, proxy.attribute) not in known),
        new_places=tuple(name for name in _list_places(report) if name not in known_places),
    )


def _list_places(report: FeaturesReport | None) -> list[str]:
    """List the kept features that the contract marks as about a place."""
    rows = report.features if report else ()
    return [row.feature for row in rows if report and row.feature in report.kept and row.about == "place"]


def _list_proxies(report: FeaturesReport | None) -> list[Proxy]:
    """List the proxies among the kept features."""
    return [
        Proxy(feature=row.feature, attribute=attribute, auc=auc)
        for row in (report.features if report else ())
        if report and row.feature in report.kept
        for attribute, auc in row.proxy.items()
        if auc >= PROXY_AUC
    ]
