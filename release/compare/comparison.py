"""What differs, as plain structures: the content of `release compare --json`."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from release.compare import inputs, results
from release.compare.decisions import who_is_decided_otherwise
from release.compare.integrity import not_of_the_pipeline
from release.repository.revision import Revision

RULE = "heuristic"


def compared(base: Revision, head: Revision) -> dict[str, Any]:
    """Everything that a reviewer asks of a change."""
    champions = [_champion(base), _champion(head)]
    before, after = (str(side["champion"]) for side in champions)
    return {
        "base": {"name": base.name, "commit": base.commit, **champions[0]},
        "head": {"name": head.name, "commit": head.commit, **champions[1]},
        "problems": _problems(head, champions[1]),
        "waivers": _waivers(head),
        "candidates": results.candidates(base, head),
        "champion_metrics": results.quality(base, head, before, after),
        "metrics": results.metrics(base, head),
        "fairness": {
            "champion": results.fairness(base, head, before, after),
            **{name: results.fairness(base, head, name, name) for name in head.json("reports/metrics.json")},
        },
        "people": who_is_decided_otherwise(base, head, champions[0]["champion"], champions[1]["champion"]),
        "features": inputs.features(base, head),
        "data": inputs.data(base, head),
        "params": inputs.params(base, head),
    }


def _champion(revision: Revision) -> dict[str, Any]:
    choice = revision.json("reports/choice.json")
    name = choice.get("champion")
    told = choice.get("candidates", {}).get(name, {})
    against = {one: of["against"] for one, of in choice.get("candidates", {}).items() if not of["passes"]}
    return {
        "champion": name,
        "why": choice.get("why"),
        "passes": told.get("passes"),
        "verdict": revision.json(f"reports/fairness/{name}.json").get("verdict"),
        "against": against,
    }


def _problems(head: Revision, champion: Mapping[str, Any]) -> list[str]:
    """What must not be merged. That the rule goes forward because no model passes is none: it decided before."""
    found = not_of_the_pipeline(head)
    name = champion["champion"]
    if name is None:
        return [*found, "reports/choice.json names no champion; run dvc repro and commit reports"]
    if name != RULE and not champion["passes"]:
        reasons = champion["against"].get(name) or ["reports/choice.json gives no reason"]
        found += [f"the champion {name} did not pass every gate: {reason}" for reason in reasons]
    if name != RULE and champion["verdict"] == "fail":
        found.append(f"the fairness verdict of the champion {name} is fail")
    return found


def _waivers(revision: Revision) -> list[str]:
    """A line per waiver: who let what through, why, and until when."""
    from release.registration.checks import waivers
    from release.repository.git import git

    if revision.commit is None:
        return waivers(Path("waivers"))
    names = git("ls-tree", "-r", "-z", "--name-only", revision.commit, "waivers/").split("\0")
    with tempfile.TemporaryDirectory(prefix="release-") as temporary:
        (Path(temporary) / "waivers").mkdir()
        for name in filter(None, names):
            copy = Path(temporary) / "waivers" / Path(name).name
            copy.write_text(revision.text(name) or "", encoding="utf-8")
        return [line.replace(f"{temporary}/", "", 1) for line in waivers(Path(temporary) / "waivers")]
