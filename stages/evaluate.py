"""Judge every candidate on the test rows: quality with intervals, and the curves behind it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field
from tqdm import tqdm

from credit.candidates import NAMES, Candidate, load_candidate
from credit.command import Params, arguments, read_params
from credit.contract import Contract, load_contract
from credit.errors import run
from credit.files import rounded, write_json, write_text
from credit.quality import UnitValues, curves, metrics
from credit.tables import PARTITION_ROWS, favourable, frame_of, open_table, partitions


class Evaluate(Params):
    """The block `evaluate`."""

    unit_values: UnitValues
    points: int = Field(ge=10)


def score_rows(candidate: Candidate, contract: Contract, test: Path) -> tuple[np.ndarray, np.ndarray]:
    """Whether each test row's label is favourable, and its score; shape (n,) each. Reads a partition at a time."""
    table = open_table(test)
    labels, scores = [], []
    for partition in tqdm(
        partitions(table, [*candidate.features, contract.label]),
        f"evaluate {candidate.name}",
        -(-table.metadata.num_rows // PARTITION_ROWS),
        unit="partition",
        disable=None,
    ):
        frame = frame_of(partition)
        labels.append(favourable(contract, frame))
        scores.append(candidate.scores(contract, frame))
    return np.concatenate(labels), np.concatenate(scores)


def evaluate(
    candidate: Candidate, contract: Contract, test: Path, params: Evaluate
) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """The metrics and the curves of one candidate."""
    y, scores = score_rows(candidate, contract, test)
    figures = metrics(y, scores, candidate.policy.decide(scores), params.unit_values)
    return figures, curves(y, scores, params.points)


def main() -> None:
    """Write `reports/metrics.json` and a table per curve and candidate."""
    args = arguments(__doc__, "contract", "test", "models", "candidates", "metrics", "plots")
    params = read_params(Evaluate, "evaluate")
    contract = load_contract(args.contract).bound_to(open_table(args.test).schema_arrow.names, str(args.test))
    report: dict[str, dict[str, Any]] = {}
    for name in NAMES:
        candidate = load_candidate(args.models / f"{name}.skops", args.candidates / f"{name}.json")
        report[name], tables = evaluate(candidate, contract, args.test, params)
        for kind, table in tables.items():
            write_text(args.plots / kind / f"{name}.csv", table.round(4).to_csv(index=False, lineterminator="\n"))
    write_json(args.metrics, rounded(report))


if __name__ == "__main__":
    run(main)
