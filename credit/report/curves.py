"""Curves of `reports/plots` as pictures: ROC of all candidates, calibration and scores of each."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from credit.common.candidate_definition import format_candidate
from credit.common.errors import CreditError, Problem
from credit.common.formatting import (
    capitalise,
    format_metric,
    format_number,
    format_percent,
    join_words,
)
from credit.report.results import Results
from credit.report.svg import (
    Picture,
    PlotDot,
    PlotLine,
    draw_path,
    draw_vertical,
    make_x_axis,
    make_y_axis,
    style_candidates,
)

CurveRows = list[dict[str, float]]


class Curves(NamedTuple):
    """ROC of all candidates, then pictures of each."""

    roc: Picture
    calibration: tuple[Picture, ...]
    scores: tuple[Picture, ...]


def draw_curves(results: Results, plots: Path) -> Curves:
    """Draw the pictures of one run. Raises CreditError that names a missing file."""
    names = list(results.choice.candidates)
    files = {kind: _read_rows(plots / f"{kind}.csv", names) for kind in ("roc", "calibration", "scores")}
    return Curves(
        _draw_roc(results, files["roc"]),
        tuple(_draw_calibration(name, results, rows) for name, rows in files["calibration"].items()),
        tuple(_draw_scores(name, results, rows) for name, rows in files["scores"].items()),
    )


def _read_rows(file: Path, names: Sequence[str]) -> dict[str, CurveRows]:
    """Read the numbers of a CSV file by candidate; rows with an empty cell are of bins without people."""
    rows: dict[str, CurveRows] = {name: [] for name in names}
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                of = rows.get(row.pop("candidate"))
                if of is not None and all(row.values()):
                    of.append({key: float(value) for key, value in row.items()})
    except FileNotFoundError:
        raise CreditError(Problem(str(file), "no such file", fix="run dvc repro")) from None
    return rows


def _draw_roc(results: Results, rows: dict[str, CurveRows]) -> Picture:
    x, y, styles = make_x_axis(), make_y_axis(), style_candidates(rows)
    lines = [
        PlotLine(
            f"curve {styles[name].kind}",
            draw_path(x, y, [(row["false_positive_rate"], row["true_positive_rate"]) for row in of]),
        )
        for name, of in rows.items()
    ]
    areas = [f"{format_candidate(name)} {format_metric(results.metrics[name], 'roc_auc').value}" for name in rows]
    return Picture(
        "roc",
        "ROC, all candidates",
        f"ROC curves on the test rows. Area under the curve: {join_words(areas)}; 0.5 is a coin, 1 never errs.",
        "false positive rate",
        "true positive rate",
        x.choose_ticks(),
        y.choose_ticks(),
        (PlotLine("diagonal", draw_path(x, y, [(0, 0), (1, 1)])), *lines),
    )


def _draw_calibration(name: str, results: Results, rows: CurveRows) -> Picture:
    x, y = make_x_axis(), make_y_axis()
    style = style_candidates(results.choice.candidates)[name]
    dots = tuple(
        PlotDot(*style, x.place(row["mean_score"]), y.place(row["favourable_rate"]),
            y.place(row["low"]), y.place(row["high"]))
        for row in rows
    )  # fmt: skip
    ends = [
        f"a mean score of {format_number(row['mean_score'], 2)} went with {format_percent(row['favourable_rate'], 0)}"
        for row in rows[:: max(1, len(rows) - 1)][:2]
    ]
    error = format_number(results.metrics[name].calibration_error)
    return Picture(
        f"calibration-{name}",
        capitalise(format_candidate(name)),
        f"Calibration of {format_candidate(name)} on the test rows: mean distance of score and outcome {error}. "
        f"{capitalise(join_words(ends))} favourable outcomes."
        if ends
        else f"No calibration of {format_candidate(name)}.",
        "mean score",
        "share of favourable outcomes",
        x.choose_ticks(),
        y.choose_ticks(),
        (PlotLine("diagonal", draw_path(x, y, [(0, 0), (1, 1)])),),
        dots,
    )  # fmt: skip


def _draw_scores(name: str, results: Results, rows: CurveRows) -> Picture:
    policy = results.candidates[name].policy
    highest = max((row[side] for row in rows for side in ("favourable", "unfavourable")), default=1.0)
    x, y = make_x_axis(), make_y_axis(0, highest * 1.05)
    bin_ = 0.5 / max(1, len(rows))
    lines = [
        PlotLine(
            f"outcome {side}",
            draw_path(x, y, [(row["score"] + half, row[side]) for row in rows for half in (-bin_, bin_)]),
        )
        for side in ("favourable", "unfavourable")
    ]
    thresholds = {"approve_from": policy.approve_from, "refer_from": policy.refer_from}
    known = {kind: threshold for kind, threshold in thresholds.items() if threshold is not None}
    cuts = [PlotLine(f"cut {kind}", draw_vertical(x, min(1.0, threshold))) for kind, threshold in known.items()]
    approve = "nobody" if policy.approve_from is None else f"from {format_number(policy.approve_from)}"
    refer = format_number(policy.refer_from)
    return Picture(
        f"scores-{name}",
        capitalise(format_candidate(name)),
        f"Scores by {format_candidate(name)} on the test rows, of people with a favourable and with an unfavourable "
        "outcome. "
        f"It approves {approve} and refers from {refer}.",
        "score",
        "share of people",
        x.choose_ticks(),
        y.choose_ticks(),
        (*cuts, *lines),
    )
