"""What differs, as plain structures: the content of `release compare --json`."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from release.compare import inputs, results
from release.compare.decisions import compare_decisions
from release.compare.integrity import find_altered_reports
from release.registration.checks import describe_waivers
from release.repository.git import run_git
from release.repository.revision import Revision

HEURISTIC = "heuristic"


def compare_revisions(base: Revision, head: Revision) -> dict[str, Any]:
    """Everything that a reviewer asks of a change."""
    champions = [_read_champion(base), _read_champion(head)]
    before, after = (str(side["champion"]) for side in champions)
    return {
        "base": {"name": base.name, "commit": base.commit, **champions[0]},
        "head": {"name": head.name, "commit": head.commit, **champions[1]},
        "problems": _find_problems(head, champions[1]),
        "waivers": _list_waivers(head),
        "candidates": results.compare_candidates(base, head),
        "champion_metrics": results.compare_candidate_metrics(base, head, before, after),
        "metrics": results.compare_metrics(base, head),
        "fairness": {
            "champion": results.compare_fairness(base, head, before, after),
            **{
                name: results.compare_fairness(base, head, name, name)
                for name in head.read_json("reports/metrics.json")
            },
        },
        "people": compare_decisions(base, head, champions[0]["champion"], champions[1]["champion"]),
        "features": inputs.compare_features(base, head),
        "data": inputs.compare_data(base, head),
        "params": inputs.compare_params(base, head),
    }


def _read_champion(revision: Revision) -> dict[str, Any]:
    choice = revision.read_json("reports/choice.json")
    name = choice.get("champion")
    told = choice.get("candidates", {}).get(name, {})
    against = {one: of["against"] for one, of in choice.get("candidates", {}).items() if not of["passes"]}
    return {
        "champion": name,
        "why": choice.get("why"),
        "passes": told.get("passes"),
        "verdict": revision.read_json(f"reports/fairness/{name}.json").get("verdict"),
        "against": against,
    }


def _find_problems(head: Revision, champion: Mapping[str, Any]) -> list[str]:
    """What must not be merged. That the rule goes forward because no model passes is none: it decided before."""
    found = find_altered_reports(head)
    name = champion["champion"]
    if name is None:
        return [*found, "reports/choice.json names no champion; run dvc repro and commit reports"]
    if name != HEURISTIC and not champion["passes"]:
        reasons = champion["against"].get(name) or ["reports/choice.json gives no reason"]
        found += [f"the champion {name} did not pass every gate: {reason}" for reason in reasons]
    if name != HEURISTIC and champion["verdict"] == "fail":
        found.append(f"the fairness verdict of the champion {name} is fail")
    return found


def _list_waivers(revision: Revision) -> list[str]:
    """A line per waiver: who let what through, why, and until when."""
    if revision.commit is None:
        return describe_waivers(Path("waivers"))
    names = run_git("ls-tree", "-r", "-z", "--name-only", revision.commit, "waivers/").split("\0")
    with tempfile.TemporaryDirectory(prefix="release-") as temporary:
        (Path(temporary) / "waivers").mkdir()
        for name in filter(None, names):
            copy = Path(temporary) / "waivers" / Path(name).name
            copy.write_text(revision.read_text(name) or "", encoding="utf-8")
        return [line.replace(f"{temporary}/", "", 1) for line in describe_waivers(Path(temporary) / "waivers")]
