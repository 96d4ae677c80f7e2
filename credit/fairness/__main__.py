"""Judge a candidate's predictions by a policy of params.yaml, as the pipeline does. The exit code is the answer.

0: nothing blocks. 1: unusable input. 3: blocked.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import click

from credit.common import cli
from credit.common.errors import CreditError, Problem, run_command
from credit.common.files import round_floats
from credit.common.params import locate_contract, read_params
from credit.contract import load_contract
from credit.evaluation.candidates import read_candidate_names
from credit.evaluation.predictions import read_predictions
from credit.fairness.counts import count_predictions
from credit.fairness.findings import judge_fairness
from credit.fairness.policies import Fairness
from credit.fairness.versions.comparison import compare_versions, count_paired_predictions
from credit.fairness.waivers import load_waivers
from credit.reports.choice import Choice
from credit.reports.fairness import FairnessVerdict, Finding, VersionComparison
from credit.reports.figures import ADVERSE_IMPACT_RATIO

EXIT_BLOCKED = 3
_EXAMPLES = """examples:
  python -m credit.fairness                                 the champion, by the policy in use
  python -m credit.fairness random_forest --policy equal_opportunity
  python -m credit.fairness logistic --against data/predictions/heuristic.parquet --json

Predictions of any model can be judged: a Parquet file with the columns favourable, score, decision (approve, refer or
deny), fold (0), and group_<attribute> for each protected attribute, as in data/predictions/."""


class JudgedPredictions(NamedTuple):
    """The verdict on a candidate's predictions, and its comparison with another version where one was asked for."""

    policy: str
    rows: int
    verdict: FairnessVerdict
    against: VersionComparison | None

    @property
    def blocks(self) -> bool:
        """Whether the policy or the comparison blocks the candidate."""
        return self.verdict.blocks or (self.against is not None and self.against.blocks)

    def content(self) -> dict[str, Any]:
        """Convert to what `--json` prints: the keys of a report, and `against`."""
        verdict = self.verdict.model_dump(mode="json", exclude_unset=True)
        content = {"policy": self.policy, "rows": self.rows, **verdict, "blocks": self.blocks}
        if self.against is not None:
            content["against"] = self.against.model_dump(mode="json")
        return dict(round_floats(content))


def judge_predictions(
    candidate: str, predictions: Path, params: Fairness, against: Path | None, today: date
) -> JudgedPredictions:
    """Judge predictions, and compare them with those of another version about the same people (`against`)."""
    contract = load_contract(locate_contract())
    own = read_predictions(predictions, contract)
    waivers, rules = load_waivers(Path("waivers")), params.rules
    counts = count_predictions(contract, own)
    verdict = judge_fairness(counts, params.chosen_policy, rules, candidate, waivers, today)
    compared = None
    if against is not None:
        paired = count_paired_predictions(contract, read_predictions(against, contract), own, str(against))
        compared = compare_versions(paired, params.chosen_policy.limits.get(ADVERSE_IMPACT_RATIO), rules)
    return JudgedPredictions(params.policy, counts.rows, verdict, compared)


def format_verdict(judged: JudgedPredictions) -> str:
    """Format the verdict of each attribute, and each finding that blocks or warns."""
    verdict, changes = judged.verdict, judged.against.findings if judged.against else ()
    lines = [f"{verdict.candidate}, {judged.rows:,} people, policy {judged.policy}: {verdict.verdict}"]
    lines += _format_attributes(verdict)
    lines += [f"blocks: {_format_finding(one)}" for one in verdict.findings if one.blocks]
    lines += [f"blocks: {one.reason}" for one in changes if one.blocks]
    lines += [f"warns: {_format_finding(one)}" for one in verdict.findings if one.warn]
    lines += [f"warns: {one.reason}." for one in verdict.undisclosed if one.warn]
    return "\n".join([*lines, "blocked" if judged.blocks else "not blocked"])


def _format_attributes(verdict: FairnessVerdict) -> Iterator[str]:
    width = max(map(len, verdict.attributes))
    for name, one in verdict.attributes.items():
        groups = ", ".join(verdict.name_group(name, group) for group in one.not_assessable)
        small = f" (no verdict on: {groups})" if groups else ""
        yield f"  {name:{width}}  {one.verdict}{small}"


def _format_finding(finding: Finding) -> str:
    more = finding.describe_more_people()
    return f"{finding.reason}\n  {more}" if more else finding.reason


def _locate_predictions(candidate: str) -> Path:
    """Locate the pipeline's predictions of a candidate. Raises CreditError when it makes none under this name."""
    path = Path(f"data/predictions/{candidate}.parquet")
    if candidate not in (names := read_candidate_names()) and not path.exists():
        fix = "--predictions names the file of any other model"
        raise CreditError(Problem("CANDIDATE", candidate, f"one of {', '.join(names)}", fix))
    return path


def _require_parquet(path: Path) -> None:
    """Require that a file which a person names is no text. Raises CreditError that says how to write it."""
    if path.is_file():
        with path.open("rb") as opened:
            if opened.read(4) != b"PAR1":
                fix = "pandas writes one: to_parquet(index=False)"
                raise CreditError(Problem(str(path), "a file of another kind", "Parquet", fix))


@click.command(cls=cli.AnsweringCommand, help=__doc__, epilog=_EXAMPLES)
@click.argument("candidate", required=False, help="whose predictions (default: the champion's)")
@click.option("--predictions", type=Path, metavar="FILE", help="(default: data/predictions/CANDIDATE.parquet)")
@click.option("--policy", metavar="NAME", help="one of fairness.policies (default: fairness.policy)")
@click.option("--against", type=Path, metavar="FILE", help="predictions of the version in production")
def run(candidate: str | None, predictions: Path | None, policy: str | None, against: Path | None) -> cli.Answer:
    """Judge, and answer with EXIT_BLOCKED where the verdict blocks."""
    candidate = candidate or Choice.read(Path(Choice.PATH)).champion
    params = read_params(Fairness, "fairness")
    if policy:
        params = params.switch_policy(policy)
    for given in filter(None, (predictions, against)):
        _require_parquet(given)
    predictions = predictions or _locate_predictions(candidate)
    judged = judge_predictions(candidate, predictions, params, against, date.today())
    return cli.Answer(judged.content(), format_verdict(judged), EXIT_BLOCKED if judged.blocks else 0)


if __name__ == "__main__":
    run_command(lambda: cli.run(run, "python -m credit.fairness"))
