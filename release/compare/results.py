"""What came out of two revisions: quality, gates and equal treatment, base beside head."""

from typing import Any

from release.repository.revision import Revision

SHOWN_METRICS = (
    "roc_auc", "ks", "brier", "calibration_error", "approval_rate", "referral_rate", "bad_rate", "expected_value",
)  # fmt: skip
"""Figures of reports/metrics.json, in the order in which they are shown."""

ADVERSE_IMPACT_RATIO = "adverse_impact_ratio"


def compare_metrics(base: Revision, head: Revision) -> list[dict[str, Any]]:
    """A row per candidate and figure, each candidate beside itself."""
    names = dict.fromkeys([*head.read_json("reports/metrics.json"), *base.read_json("reports/metrics.json")])
    return [{"candidate": name, **row} for name in names for row in compare_candidate_metrics(base, head, name, name)]


def compare_candidate_metrics(base: Revision, head: Revision, before: str, after: str) -> list[dict[str, Any]]:
    """A row per figure of a candidate in each. `beyond_noise`: the old value lies outside the new one's interval."""
    old = base.read_json("reports/metrics.json").get(before, {})
    new = head.read_json("reports/metrics.json").get(after, {})
    rows = []
    for figure in SHOWN_METRICS:
        then, now, interval = old.get(figure), new.get(figure), new.get(f"{figure}_interval")
        known = then is not None and now is not None
        low, high = interval or (None, None)
        outside = known and interval and ((low is not None and then < low) or (high is not None and then > high))
        rows.append(
            {
                "figure": figure,
                "base": then,
                "head": now,
                "change": now - then if known else None,
                "interval": interval,
                "beyond_noise": bool(outside),
            }
        )
    return rows


def compare_candidates(base: Revision, head: Revision) -> list[dict[str, Any]]:
    """A row per candidate: what it comes to in both, each a pair of base and head."""
    sides = [(side, side.read_json("reports/choice.json").get("candidates", {})) for side in (base, head)]
    rows = []
    for name in dict.fromkeys([*sides[1][1], *sides[0][1]]):
        metrics = [side.read_json("reports/metrics.json").get(name, {}) for side, _ in sides]
        fairness = [side.read_json(f"reports/fairness/{name}.json") for side, _ in sides]
        rows.append(
            {
                "candidate": name,
                "passes": [of.get(name, {}).get("passes") for _, of in sides],
                "verdict": [file.get("verdict") for file in fairness],
                "roc_auc": [of.get("roc_auc") for of in metrics],
                "lowest_ratio": [file.get("lowest_adverse_impact_ratio") for file in fairness],
            }
        )
    return rows


def compare_fairness(base: Revision, head: Revision, before: str, after: str) -> list[dict[str, Any]]:
    """A row per group of a single attribute, of a candidate in each."""
    files = [side.read_json(f"reports/fairness/{name}.json") for side, name in ((base, before), (head, after))]
    verdicts = [
        {
            (f["attribute"], f["group"]): f["verdict"]
            for f in file.get("findings", ())
            if f["measure"] == ADVERSE_IMPACT_RATIO
        }
        for file in files
    ]
    rows = []
    attributes = files[1].get("attributes") or files[0].get("attributes") or {}
    for name in dict.fromkeys([*files[1].get("groups", {}), *files[0].get("groups", {})]):
        attribute, _, group = name.partition(": ")
        if attribute not in attributes:
            continue  # a pair of attributes
        of = [file.get("groups", {}).get(name, {}) for file in files]
        rows.append(
            {
                "attribute": attribute,
                "group": group,
                "people": of[1].get("people"),
                "selection_rate": [one.get("selection_rate") for one in of],
                "ratio": [one.get(ADVERSE_IMPACT_RATIO) for one in of],
                "intervals": [one.get(f"{ADVERSE_IMPACT_RATIO}_interval") for one in of],
                "verdicts": [verdict.get((attribute, group)) for verdict in verdicts],
            }
        )
    return rows
