"""The comparison as plain structures: the content of `release compare --json`."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from credit.common.candidate_names import HEURISTIC
from release.compare import results
from release.compare.data_and_params import compare_data, compare_params
from release.compare.decisions import compare_decisions
from release.compare.features import compare_features
from release.compare.integrity import find_altered_reports
from release.registration.checks import describe_waivers
from release.repository.git import run_git
from release.repository.reports import RevisionReports, read_revision_reports
from release.repository.revision import Revision


def compare_revisions(base: Revision, head: Revision) -> dict[str, Any]:
    """Compare two revisions in everything that a reviewer asks of a change.

    Raises CreditError for a report of the head that does not fit. One of the base does not have to, as older code may
    have written it: then `unread` names it, and its figures count as absent.
    """
    old, new = read_revision_reports(base, strict=False), read_revision_reports(head, strict=True)
    champions = [_describe_champion(old), _describe_champion(new)]
    before, after = (side["champion"] for side in champions)
    return {
        "base": {"name": base.name, "commit": base.commit, **champions[0]},
        "head": {"name": head.name, "commit": head.commit, **champions[1]},
        "problems": _find_problems(head, champions[1]),
        "unread": list(old.unread),
        "waivers": _list_waivers(head),
        "candidates": results.compare_candidates(old, new),
        "champion_metrics": results.compare_candidate_metrics(old, new, before, after),
        "metrics": results.compare_metrics(old, new),
        "fairness": {
            "champion": results.compare_fairness(old, new, before, after),
            **{name: results.compare_fairness(old, new, name, name) for name in new.metrics},
        },
        "people": compare_decisions(base, head, before, after),
        "features": compare_features(old, new),
        "data": compare_data(base, head, old, new),
        "params": compare_params(base, head),
    }


def _describe_champion(reports: RevisionReports) -> dict[str, Any]:
    choice = reports.choice
    judged = reports.fairness.get(choice.champion) if choice else None
    return {
        "champion": choice.champion if choice else None,
        "why": choice.why if choice else None,
        "passes": choice.chosen.passes if choice else None,
        "verdict": judged.verdict if judged else None,
        "against": {
            name: list(one.against) for name, one in (choice.candidates.items() if choice else ()) if not one.passes
        },
    }


def _find_problems(head: Revision, champion: Mapping[str, Any]) -> list[str]:
    """Find each problem that forbids the merge. The rule as champion is not one: it decided before."""
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
    """List the waivers, a line each: who let which finding through, why, and until when."""
    if revision.commit is None:
        return describe_waivers(Path("waivers"))
    names = run_git("ls-tree", "-r", "-z", "--name-only", revision.commit, "waivers/").split("\0")
    with tempfile.TemporaryDirectory(prefix="release-") as temporary:
        (Path(temporary) / "waivers").mkdir()
        for name in filter(None, names):
            copy = Path(temporary) / "waivers" / Path(name).name
            copy.write_text(revision.read_text(name) or "", encoding="utf-8")
        return [line.replace(f"{temporary}/", "", 1) for line in describe_waivers(Path(temporary) / "waivers")]
