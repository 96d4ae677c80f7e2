"""Judge the predictions that a commit has, and run nothing: by main's policy, limits, waivers and contract.

The judge's code is this checkout's, which must be main's. So neither a tag nor the reports at its commit can say that
a model may go forward.
"""

from datetime import date

from credit.common.candidate_names import HEURISTIC
from credit.common.errors import CreditError, Problem
from credit.common.params import read_params
from credit.common.temporary import make_temporary_folder
from credit.contract import load_contract
from credit.evaluation.predictions import read_predictions
from credit.fairness.counts import count_predictions
from credit.fairness.findings import judge_fairness
from credit.fairness.policies import Fairness
from credit.fairness.waivers import load_waivers
from credit.reports.choice import Choice
from credit.reports.fairness import FairnessVerdict, Finding
from release.registration.findings import Findings
from release.repository.git import run_git
from release.repository.main_branch import Main, list_changes_since, require_merged
from release.repository.revision import Revision

JUDGE_PATHS = ("credit/common", "credit/contract", "credit/evaluation", "credit/fairness", "release/registration")
"""The code that judges. What differs from main's is another judge."""

WAIVERS_FOLDER = "waivers"


def judge_commit(commit: str, where: str) -> Findings:
    """Judge the champion of a commit that must be on main. Raises CreditError when it cannot be judged."""
    main = require_merged(commit, where)
    if changed := list_changes_since(main, JUDGE_PATHS):
        more = " and more" if len(changed) > 3 else ""
        found = f"another judge than {main.name}'s: {', '.join(changed[:3])}{more}"
        raise CreditError(Problem("this checkout", found, fix=f"git checkout {main.name}, and run the command there"))
    revision = Revision(where, commit)
    choice = Choice.read_at(revision, Choice.PATH)
    if choice is None:
        raise CreditError(Problem(f"{Choice.PATH} at {where}", "no such file", fix="run dvc repro and commit"))
    return _describe_verdict(_judge_candidate(revision, choice.champion, main), main, where)


def _judge_candidate(revision: Revision, candidate: str, main: Main) -> FairnessVerdict:
    base = Revision(main.name, main.commit)
    with make_temporary_folder() as folder, revision.pull_predictions(candidate) as predictions:
        for path in (revision.contract_path, "params.yaml", *_list_waivers(main)):
            text = base.read_text(path)
            if text is None:
                raise CreditError(Problem(f"{path} at {main.name}", "no such file, so main has no judge for this"))
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        contract = load_contract(folder / revision.contract_path)
        params = read_params(Fairness, "fairness", folder / "params.yaml")
        counts = count_predictions(contract, read_predictions(predictions, contract))
        waivers = load_waivers(folder / WAIVERS_FOLDER)
        return judge_fairness(counts, params.chosen_policy, params.rules, candidate, waivers, date.today())


def _list_waivers(main: Main) -> list[str]:
    listed = run_git("ls-tree", "-r", "--name-only", main.commit, "--", f"{WAIVERS_FOLDER}/").splitlines()
    return [path for path in listed if not path.endswith("README.md")]


def _describe_verdict(verdict: FairnessVerdict, main: Main, where: str) -> Findings:
    """Describe what keeps a candidate back: what blocks, and a `fail` that the policy lets through.

    A `fail` needs two people who sign for it, whether the policy blocks it or not. The rule needs nothing else.
    """
    by = f"{verdict.candidate} of {where}, by {main.name}'s judge"
    against = verdict.unsigned_failures
    if verdict.candidate != HEURISTIC:
        against = [finding for finding in verdict.findings if finding.blocks]
    silent = [
        finding
        for finding in verdict.findings
        if finding.verdict == "fail" and not finding.blocks and not _is_signed_by_two(finding)
        if verdict.attributes[finding.attribute].primary
    ]
    found = [f"{one.verdict}: {one.reason}" for one in against]
    found += [f"fails, and the policy blocks nothing: {one.reason}" for one in silent]
    fix = f"a waiver on {main.name} says who answers for it, and for a fail a second person: waivers/README.md"
    notes = [f"{by}: {verdict.verdict}, which is no pass"] if verdict.verdict not in ("pass", "reported") else []
    return Findings([Problem(by, one, fix=fix) for one in found], notes)


def _is_signed_by_two(finding: Finding) -> bool:
    return finding.waiver is not None and finding.waiver.second is not None
