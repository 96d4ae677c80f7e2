"""What differs, as plain structures: the content of `release compare --json`."""

from collections.abc import Iterator, Mapping
from typing import Any

from release.compare.people import who_is_decided_otherwise
from release.compare.revision import Revision

QUALITY = (
    "roc_auc", "ks", "brier", "calibration_error", "approval_rate", "referral_rate", "bad_rate", "expected_value",
)  # fmt: skip
"""Figures of reports/metrics.json, in the order in which they are shown."""

RULE = "heuristic"
RATIO = "adverse_impact_ratio"


def compared(base: Revision, head: Revision) -> dict[str, Any]:
    """Everything that a reviewer asks of a change."""
    champions = [_champion(base), _champion(head)]
    return {
        "base": {"name": base.name, "commit": base.commit, **champions[0]},
        "head": {"name": head.name, "commit": head.commit, **champions[1]},
        "problems": _problems(head, champions[1]),
        "waivers": _waivers(head),
        "candidates": _candidates(base, head),
        "metrics": _metrics(base, head),
        "fairness": {
            "champion": _fairness(base, head, champions[0]["champion"], champions[1]["champion"]),
            **{name: _fairness(base, head, name, name) for name in head.json("reports/metrics.json")},
        },
        "people": who_is_decided_otherwise(base, head, champions[0]["champion"], champions[1]["champion"]),
        "features": _features(base, head),
        "data": _data(base, head),
        "params": _params(base, head),
    }


def _champion(revision: Revision) -> dict[str, Any]:
    choice = revision.json("reports/choice.json")
    name = choice.get("champion")
    told = choice.get("candidates", {}).get(name, {})
    against = {one: of["against"] for one, of in choice.get("candidates", {}).items() if not of["passes"]}
    verdict = revision.json(f"reports/fairness/{name}.json").get("verdict")
    return {
        "champion": name,
        "why": choice.get("why"),
        "passes": told.get("passes"),
        "verdict": verdict,
        "against": against,
    }


def _problems(head: Revision, champion: Mapping[str, Any]) -> list[str]:
    """What must not be merged. That the rule goes forward because no model passes is none: it decided before."""
    found = [f"{path} is not what the pipeline wrote; run dvc repro" for path in head.edited()]
    if champion["champion"] is None:
        return [*found, "reports/choice.json names no champion; run dvc repro and commit reports"]
    if champion["champion"] != RULE and not champion["passes"]:
        found += champion["against"].get(champion["champion"], ["the champion did not pass every gate"])
    if champion["champion"] != RULE and champion["verdict"] == "fail":
        found.append(f"the fairness verdict of the champion {champion['champion']} is fail")
    return found


def _waivers(head: Revision) -> list[str]:
    from pathlib import Path

    from release.checks import waivers
    from release.git import git

    if head.commit is None:
        return waivers(Path("waivers"))
    names = git("ls-tree", "-r", "--name-only", head.commit, "waivers").splitlines()
    return [f"waiver {name}" for name in names if name.endswith(".yaml")]


def _metrics(base: Revision, head: Revision) -> list[dict[str, Any]]:
    """A row per candidate and figure. `beyond_noise`: the old value lies outside the new one's interval."""
    old, new = base.json("reports/metrics.json"), head.json("reports/metrics.json")
    rows = []
    for candidate in dict.fromkeys([*new, *old]):
        for figure in QUALITY:
            before, after = old.get(candidate, {}).get(figure), new.get(candidate, {}).get(figure)
            interval = new.get(candidate, {}).get(f"{figure}_interval")
            known = before is not None and after is not None
            beyond = bool(known and interval and not interval[0] <= before <= interval[1])
            rows.append(
                {
                    "candidate": candidate,
                    "figure": figure,
                    "base": before,
                    "head": after,
                    "change": after - before if known else None,
                    "interval": interval,
                    "beyond_noise": beyond,
                }
            )
    return rows


def _candidates(base: Revision, head: Revision) -> list[dict[str, Any]]:
    """A row per candidate: what it comes to in both, each a pair of base and head."""
    sides = [(side, side.json("reports/choice.json").get("candidates", {})) for side in (base, head)]
    rows = []
    for name in dict.fromkeys([*sides[1][1], *sides[0][1]]):
        metrics = [side.json("reports/metrics.json").get(name, {}) for side, _ in sides]
        fairness = [side.json(f"reports/fairness/{name}.json") for side, _ in sides]
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


def _fairness(base: Revision, head: Revision, before: str, after: str) -> list[dict[str, Any]]:
    """A row per group of a single attribute, of a candidate in each."""
    files = [side.json(f"reports/fairness/{name}.json") for side, name in ((base, before), (head, after))]
    verdicts = [
        {(f["attribute"], f["group"]): f["verdict"] for f in file.get("findings", ()) if f["measure"] == RATIO}
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
                "ratio": [one.get(RATIO) for one in of],
                "intervals": [one.get(f"{RATIO}_interval") for one in of],
                "verdicts": [verdict.get((attribute, group)) for verdict in verdicts],
            }
        )
    return rows


def _features(base: Revision, head: Revision) -> dict[str, Any]:
    old, new = base.json("reports/features.json"), head.json("reports/features.json")
    before, after = set(old.get("kept", ())), set(new.get("kept", ()))
    why = {row["feature"]: row["verdict"] for row in new.get("features", ())}
    return {
        "added": sorted(after - before),
        "dropped": {name: why.get(name, "no longer in the table") for name in sorted(before - after)},
        "kept": len(after),
    }


def _data(base: Revision, head: Revision) -> dict[str, Any]:
    old, new = base.json("reports/validation.json"), head.json("reports/validation.json")
    counts = {name: [old.get(name), new.get(name)] for name in ("rows", "accepted", "quarantined")}
    tables = [(path, base.locked.get(path), md5) for path, md5 in head.locked.items() if path.startswith("data/")]
    contracts = [base.contract, head.contract]
    return {
        "contract": contracts,
        "contract_changed": contracts[0] != contracts[1] or base.text(contracts[0]) != head.text(contracts[1]),
        "counts": counts,
        "changed": [path for path, before, after in tables if before != after and path != "data/predictions"],
    }


def _params(base: Revision, head: Revision) -> dict[str, list[Any]]:
    old, new = dict(_flat(base.params)), dict(_flat(head.params))
    return {
        name: [old.get(name), new.get(name)]
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name) or (name in old) != (name in new)
    }


def _flat(content: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(content, dict) and content:
        for key, value in content.items():
            yield from _flat(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, content
