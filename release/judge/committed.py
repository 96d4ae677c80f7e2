"""Judge the predictions that a commit of main has, and run nothing: by the same judge as a change.

The judge's code is this checkout's, which must be main's. So neither a tag nor the reports at its commit can say that
a model may go forward.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

from credit.choice.champion import choose_champion
from credit.common.candidate_names import HEURISTIC
from credit.common.errors import CreditError, Problem
from credit.common.files import write_text
from credit.common.temporary import make_temporary_folder
from credit.contract import Contract, load_contract
from credit.evaluation.candidates import read_candidate_names
from credit.evaluation.predictions import Predictions, read_predictions
from credit.reports.choice import Choice
from credit.reports.fairness import FairnessVerdict, Finding
from credit.reports.metrics import Metrics
from credit.stability.repeats import judge_candidate
from release.compare.sides import Sides
from release.judge.findings import Findings
from release.judge.partitions import read_gates
from release.judge.scope import PARAMS
from release.judge.trial import write_settings
from release.repository.git import list_files_at
from release.repository.main_branch import list_changes_since, require_merged
from release.repository.revision import Revision

JUDGE_PATHS = (
    "credit/__init__.py", "credit/bundle", "credit/choice", "credit/common", "credit/contract", "credit/data",
    "credit/engine", "credit/evaluation", "credit/fairness", "credit/registry", "credit/reports", "credit/scoring",
    "credit/stability", "release/__init__.py", "release/compare", "release/judge", "release/registration",
    "release/repository", "release/running",
)  # fmt: skip
"""The code that judges, and all that it imports. What differs from main's is another judge."""

WAIVERS_FOLDER = "waivers"


_T = TypeVar("_T")


class _Judged(NamedTuple):
    """What main's judge says of the champion of a commit, and who goes forward by it."""

    verdict: FairnessVerdict
    chosen: Choice


def judge_commit(commit: str, where: str, shipped: str | None = None) -> Findings:
    """Judge the champion of a commit that must be on main. Raises CreditError when it cannot be judged.

    shipped: the candidate by which a bundle decides that was made of it; None where none is known.
    """
    main = require_merged(commit, where)
    if changed := list_changes_since(main, JUDGE_PATHS):
        more = " and more" if len(changed) > 3 else ""
        found = f"another judge than {main.name}'s: {', '.join(changed[:3])}{more}"
        raise CreditError(Problem("this checkout", found, fix=f"git checkout {main.name}, and run the command there"))
    revisions = Sides(Revision(main.name, main.commit), Revision(where, commit))
    champion = _require(Choice.read_at(revisions.head, Choice.PATH), Choice.PATH, where).champion
    if shipped not in (None, champion):
        raise CreditError(Problem(where, f"a bundle that decides by {shipped}", f"one by {champion}, its champion"))
    return _describe_verdict(_judge_champion(revisions, champion), main.name, where)


def _require(report: _T | None, path: str, where: str) -> _T:
    if report is None:
        raise CreditError(Problem(f"{path} at {where}", "no such file", fix="run dvc repro and commit"))
    return report


def _judge_champion(revisions: Sides[Revision], champion: str) -> _Judged:
    """Judge all candidates, as who goes forward depends on the others."""
    base, head = revisions
    metrics = _require(Metrics.read_at(head, Metrics.PATH), Metrics.PATH, head.name).candidates
    with make_temporary_folder() as folder:
        for path in (head.contract_path, *_list_waivers(base)):
            text = base.read_text(path)
            if text is None:
                raise CreditError(Problem(f"{path} at {base.name}", "no such file, so main has no judge for this"))
            write_text(folder / path, text)
        write_settings(folder, revisions)
        contract, names = load_contract(folder / head.contract_path), read_candidate_names(folder / PARAMS)
        if champion not in names or champion not in metrics:
            raise CreditError(Problem(f"{Choice.PATH} at {head.name}", f"champion {champion}", "a candidate"))
        gates = read_gates(folder)
        verdicts = {
            name: judge_candidate(contract, name, predictions, gates).verdict
            for name, predictions in _pull_predictions(head, contract, names)
        }
        known = {name: metrics[name] for name in names if name in metrics}
        return _Judged(verdicts[champion], choose_champion(gates.choose, known, verdicts))


def _list_waivers(base: Revision) -> list[str]:
    return [path for path in list_files_at(str(base.commit), f"{WAIVERS_FOLDER}/") if not path.endswith("README.md")]


def _pull_predictions(head: Revision, contract: Contract, names: Sequence[str]) -> Iterator[tuple[str, Predictions]]:
    for name in names:
        with head.pull_predictions(name) as file:
            yield name, read_predictions(file, contract)


def _describe_verdict(judged: _Judged, main: str, where: str) -> Findings:
    """Describe what keeps a champion back: what blocks, and a `fail` that the policy lets through.

    A `fail` needs two people who sign for it, whether the policy blocks it or not. The rule needs nothing else.
    """
    verdict, chosen = judged
    by = f"{verdict.candidate} of {where}, by {main}'s judge"
    found = [f"{one.verdict}: {one.reason}" for one in verdict.unsigned_failures]
    if verdict.candidate != HEURISTIC:
        blocking = {one.reason: one.verdict for one in verdict.findings if one.blocks}
        against = chosen.candidates[verdict.candidate].against
        found = [f"{blocking[reason]}: {reason}" if reason in blocking else reason for reason in against]
    found += [f"fails, and the policy blocks nothing: {one.reason}" for one in _list_silent_failures(verdict)]
    fix = f"a waiver on {main} says who answers for it, and for a fail a second person: waivers/README.md"
    return Findings([Problem(by, one.rstrip("."), fix=fix) for one in found], list(_list_notes(verdict, chosen, by)))


def _list_silent_failures(verdict: FairnessVerdict) -> list[Finding]:
    """List the failures that the policy lets through and that not two people have signed for."""
    failed = [one for one in verdict.findings if one.verdict == "fail" and not one.blocks]
    unsigned = [one for one in failed if one.waiver is None or one.waiver.second is None]
    return [one for one in unsigned if verdict.attributes[one.attribute].primary]


def _list_notes(verdict: FairnessVerdict, chosen: Choice, by: str) -> Iterator[str]:
    if verdict.verdict not in ("pass", "reported"):
        yield f"{by}: {verdict.verdict}, which is no pass"
    if chosen.champion != verdict.candidate:
        yield f"{by}: {chosen.champion} would go forward, {chosen.why}"
