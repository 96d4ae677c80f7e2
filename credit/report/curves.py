"""Curves of `reports/plots` as pictures: ROC of all candidates, calibration and scores of each."""

import csv
from pathlib import Path
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.common.formatting import listed, number, percent, sentence, shown, the
from credit.report.results import Json, Results
from credit.report.svg import SHAPE_OF, Dot, Line, Picture, across, path, upright, upright_at

Rows = list[dict[str, float]]


class Curves(NamedTuple):
    """ROC of all candidates, then pictures of each."""

    roc: Picture
    calibration: tuple[Picture, ...]
    scores: tuple[Picture, ...]


def curves(results: Results, plots: Path) -> Curves:
    """The pictures of one run. Raises CreditError that names a missing file."""
    names = list(results.choice["candidates"])
    files = {
        kind: {name: _rows(plots / kind / f"{name}.csv") for name in names} for kind in ("roc", "calibration", "scores")
    }
    return Curves(
        _roc(results, files["roc"]),
        tuple(_calibration(name, results, rows) for name, rows in files["calibration"].items()),
        tuple(_scores(name, results, rows) for name, rows in files["scores"].items()),
    )


def _rows(file: Path) -> Rows:
    """The numbers of a CSV file; rows with an empty cell are of bins without people."""
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return [
                {key: float(value) for key, value in row.items()} for row in csv.DictReader(lines) if all(row.values())
            ]
    except FileNotFoundError:
        raise CreditError(
            Problem(str(file), "no such file", "the output of an earlier stage", "run dvc repro")
        ) from None


def _roc(results: Results, rows: dict[str, Rows]) -> Picture:
    x, y = across(), upright()
    lines = [
        Line(f"curve {name}", path(x, y, [(row["false_positive_rate"], row["true_positive_rate"]) for row in of]))
        for name, of in rows.items()
    ]
    told = [f"{the(name)} {shown(results.metrics[name], 'roc_auc').value}" for name in rows]
    return Picture(
        "roc",
        "ROC, all candidates",
        f"ROC curves on the test rows. Area under the curve: {listed(told)}; 0.5 is a coin, 1 never errs.",
        "false positive rate",
        "true positive rate",
        x.ticks(),
        y.ticks(),
        (Line("diagonal", path(x, y, [(0, 0), (1, 1)])), *lines),
    )


def _calibration(name: str, results: Results, rows: Rows) -> Picture:
    x, y = across(), upright()
    dots = tuple(
        Dot(name, SHAPE_OF.get(name, "circle"), x.at(row["mean_score"]), y.at(row["favourable_rate"]),
            y.at(row["low"]), y.at(row["high"]))
        for row in rows
    )  # fmt: skip
    ends = [f"a mean score of {number(row['mean_score'], 2)} went with {percent(row['favourable_rate'], 0)}"
            for row in rows[:: max(1, len(rows) - 1)][:2]]  # fmt: skip
    error = number(results.metrics[name].get("calibration_error"))
    return Picture(
        f"calibration-{name}",
        sentence(the(name)),
        f"Calibration of {the(name)} on the test rows: mean distance of score and outcome {error}. "
        f"{sentence(listed(ends))} favourable outcomes." if ends else f"No calibration of {the(name)}.",
        "mean score",
        "share of favourable outcomes",
        x.ticks(),
        y.ticks(),
        (Line("diagonal", path(x, y, [(0, 0), (1, 1)])),),
        dots,
    )  # fmt: skip


def _scores(name: str, results: Results, rows: Rows) -> Picture:
    policy: Json = results.candidates[name]["policy"]
    highest = max((row[side] for row in rows for side in ("favourable", "unfavourable")), default=1.0)
    x, y = across(), upright(0, highest * 1.05)
    bin_ = 0.5 / max(1, len(rows))
    lines = [
        Line(
            f"outcome {side}", path(x, y, [(row["score"] + half, row[side]) for row in rows for half in (-bin_, bin_)])
        )
        for side in ("favourable", "unfavourable")
    ]
    known = [kind for kind in ("approve_from", "refer_from") if policy[kind] is not None]
    cuts = [Line(f"cut {kind}", upright_at(x, min(1.0, policy[kind]))) for kind in known]
    approve = "nobody" if policy["approve_from"] is None else f"from {number(policy['approve_from'])}"
    refer = number(policy["refer_from"])
    return Picture(
        f"scores-{name}",
        sentence(the(name)),
        f"Scores by {the(name)} on the test rows, of people with a favourable and with an unfavourable outcome. "
        f"It approves {approve} and refers from {refer}.",
        "score",
        "share of people",
        x.ticks(),
        y.ticks(),
        (*cuts, *lines),
    )
