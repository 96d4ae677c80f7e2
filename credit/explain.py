"""Explain one decision: the score, the thresholds, the reasons, and each value beside that of approved people."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
from tabulate import tabulate

from credit.bundle.bundle import load_bound_contract, load_bundle
from credit.common import cli
from credit.common.candidate_names import HEURISTIC
from credit.common.errors import CreditError, Problem, run_command
from credit.common.params import locate_contract
from credit.contract import Contract
from credit.contract.columns import Column
from credit.contract.levels import Scalar
from credit.data.tables import iterate_partitions, open_table
from credit.packaging.reason_rules import find_reason_rules
from credit.packaging.typical_values import find_typical_values
from credit.reports.candidate import CandidateReport
from credit.scoring.model import Model
from credit.scoring.policy import DecisionKind, Policy
from credit.scoring.reason_words import word_reasons
from credit.scoring.reasons import DecidedBy, measure_rises
from credit.scoring.row_encoder import ApplicationRow
from credit.training.candidates import load_candidate

_EXAMPLES = """examples:
  python -m credit.explain --row 0
  python -m credit.explain --row 17 --candidate logistic --json"""


class NamedModel(NamedTuple):
    """The model that decides: of a bundle, or a candidate with the typical values that packaging would give it."""

    name: str
    model: Model


class ExplainedFeature(NamedTuple):
    """A feature: the person's value, that of approved people, and how much that one would raise the score."""

    feature: str
    value: Scalar | None
    typical: Scalar | None
    better: bool
    """Whether the value is better than the typical one: then the feature is no reason."""
    rise: float
    words: str
    """The reason that the person is given when the feature is one."""


class ExplainedCluster(NamedTuple):
    """Features that say the same: one of them at most is a reason, by how much all together would raise the score."""

    features: tuple[str, ...]
    rise: float


class Explanation(NamedTuple):
    """A decision and what it rests on; the feature, or cluster, that would raise the score most is first."""

    decided_by: str
    decision: DecisionKind
    score: float
    policy: Policy
    reasons: tuple[str, ...]
    features: tuple[ExplainedFeature, ...]
    clusters: tuple[ExplainedCluster, ...]


def load_bundle_model(folder: Path) -> NamedModel:
    """Load the model of a bundle."""
    bundle = load_bundle(folder)
    name = f"{bundle.manifest.candidate} of {folder}, digest {bundle.manifest.digest[:12]}"
    return NamedModel(name, bundle.model)


def load_candidate_model(name: str, contract_file: Path, train: Path) -> NamedModel:
    """Load a trained candidate, by scikit-learn."""
    candidate = load_candidate(Path(f"models/candidates/{name}.skops"), Path(CandidateReport.locate(name)))
    contract = load_bound_contract(contract_file, candidate.features)
    typical = find_typical_values(candidate.score, candidate.policy, contract, candidate.features, train)
    by: DecidedBy = "rule" if name == HEURISTIC else "model"
    reasons = word_reasons(contract, typical, str(contract_file), by)
    rules = find_reason_rules(candidate.score, contract, typical, train)
    model = Model(contract, candidate.policy, reasons, rules, candidate.score, by)
    return NamedModel(f"the candidate {name}", model)


def read_row(path: Path, number: int) -> dict[str, Any]:
    """Read one row of a table, counted from 0. Raises CreditError when there is no such row."""
    table = open_table(path)
    rows = table.metadata.num_rows
    if not 0 <= number < rows:
        expected = f"0 to {rows - 1}" if rows else "a table with rows"
        raise CreditError(Problem(f"--row of {path}", str(number), expected))
    for part in iterate_partitions(table):
        if number < part.num_rows:
            row: dict[str, Any] = part.slice(number, 1).to_pylist()[0]
            return row
        number -= part.num_rows
    raise AssertionError  # the table has as many rows as it says


def explain_decision(decider: NamedModel, row: ApplicationRow) -> Explanation:
    """Explain the decision on one row: score, thresholds, and features by how much they would raise the score."""
    model = decider.model
    (decided,) = model.decide([row])
    matrix, bar = model.encoder([row]), model.baseline
    rises, better = measure_rises(model.score, matrix, bar, bar.find_different(matrix)), bar.find_better(matrix)[0]
    features = [
        ExplainedFeature(name, row[name], one.typical, bool(is_better), float(rise), one.words)
        for (name, one), is_better, rise in zip(model.reasons.items(), better, rises.alone[0], strict=True)
    ]
    clusters = [
        ExplainedCluster(tuple(model.features[feature] for feature in cluster), float(rise))
        for cluster, rise in zip(bar.clusters, rises.together[0], strict=True)
        if len(cluster) > 1
    ]
    return Explanation(
        decider.name,
        decided.decision,
        decided.score,
        model.policy,
        decided.reasons,
        tuple(sorted(features, key=lambda one: -one.rise)),
        tuple(sorted(clusters, key=lambda one: -one.rise)),
    )


def dump_explanation(row: int, explained: Explanation) -> dict[str, Any]:
    """Convert an explanation to what `--json` prints. `row`: its number in the test table."""
    return {
        "row": row,
        **explained._asdict(),
        "policy": explained.policy.model_dump(),
        "features": [one._asdict() for one in explained.features],
        "clusters": [one._asdict() for one in explained.clusters],
    }


def format_explanation(explained: Explanation, contract: Contract) -> str:
    """Format an explanation for people, with the contract's labels of the model's features."""
    policy = explained.policy
    approve = "nobody" if policy.approve_from is None else f"from {policy.approve_from:.4f}"
    lines = [
        f"decided by  {explained.decided_by}",
        f"decision    {explained.decision}",
        f"score       {explained.score:.4f}  (approve {approve}, refer from {policy.refer_from:.4f}, deny below)",
        "reasons     " + ("none" if not explained.reasons else ""),
        *(f"  {i}. {words}" for i, words in enumerate(explained.reasons, 1)),
        "",
    ]
    rows = [
        (
            one.feature,
            *(_format_value(v, contract.columns[one.feature]) for v in (one.value, one.typical)),
            f"{one.rise:+.4f}",
            _describe_side(one),
        )
        for one in explained.features
    ]
    heads = ("feature", "this person", "approved people", "score would rise by", "")
    lines += _tabulate([heads, *rows], ("left", "right", "right", "right", "left"))
    if explained.clusters:
        together = [(", ".join(one.features), f"{one.rise:+.4f}") for one in explained.clusters]
        lines += ["", *_tabulate([("one reason at the most", "together by"), *together], ("left", "right"))]
    return "\n".join(line.rstrip() for line in lines)


def _tabulate(rows: Sequence[Sequence[str]], sides: Sequence[str]) -> list[str]:
    text: str = tabulate(rows, tablefmt="plain", disable_numparse=True, colalign=sides)
    return text.splitlines()


def _describe_side(one: ExplainedFeature) -> str:
    return "better than theirs, so no reason" if one.better and one.rise > 0 else ""


def _format_value(value: Scalar | None, column: Column) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else column.name_value(value)


@click.command(cls=cli.AnsweringCommand, help=__doc__, epilog=_EXAMPLES)
@click.option("--row", type=int, required=True, metavar="N", help="row of the test table, the first is 0")
@click.option(
    "--bundle",
    cls=cli.ExclusiveOption,
    excludes=("candidate",),
    type=Path,
    metavar="FOLDER",
    default=Path("models/bundle"),
    show_default=True,
    help="a bundle",
)
@click.option(
    "--candidate",
    cls=cli.ExclusiveOption,
    excludes=("bundle",),
    help="a trained candidate instead of a bundle",
)
@click.option(
    "--test", type=Path, metavar="FILE", default=Path("data/test.parquet"), show_default=True, help="where the row is"
)
@click.option(
    "--train",
    type=Path,
    metavar="FILE",
    default=Path("data/train.parquet"),
    show_default=True,
    help="for --candidate: who is typical",
)
def run(row: int, bundle: Path, candidate: str | None, test: Path, train: Path) -> cli.Answer:
    """Explain one decision of a bundle or of a candidate."""
    application = read_row(test, row)
    decider = load_candidate_model(candidate, locate_contract(), train) if candidate else load_bundle_model(bundle)
    explained = explain_decision(decider, application)
    return cli.Answer(dump_explanation(row, explained), format_explanation(explained, decider.model.contract))


if __name__ == "__main__":
    run_command(lambda: cli.run(run, "python -m credit.explain"))
