"""Each candidate in one line: its figures, its gates, and what is against it."""

from typing import NamedTuple

from credit.common.formatting import DASH, Shown, group, interval, number, shown, words
from credit.evaluation.gates import judge_quality
from credit.report.results import Results

FIGURES = ("roc_auc", "approval_rate", "referral_rate", "bad_rate", "expected_value", "calibration_error")
"""Figures that stand side by side; the others are in `reports/metrics.json`."""


class Gate(NamedTuple):
    """A gate of quality and what it said."""

    passes: bool
    reason: str


class Judgement(NamedTuple):
    """One candidate. `ratio`: the lowest adverse impact ratio; `whom`: of which group, and how many people it has."""

    name: str
    words: str
    champion: bool
    passes: bool
    verdict: str
    stands_out: str
    figures: dict[str, Shown]
    ratio: Shown
    whom: str
    gates: tuple[Gate, ...]
    against: tuple[str, ...]


def judgements(results: Results) -> tuple[Judgement, ...]:
    """Every candidate, in the order of the reports."""
    return tuple(_judgement(name, results) for name in results.choice["candidates"])


def _judgement(name: str, results: Results) -> Judgement:
    told, judged = results.choice["candidates"][name], results.judged[name]
    lowest = judged["lowest_adverse_impact_ratio"]
    people = f", {lowest['people']:,} people" if lowest else ""
    quality = judge_quality(name, results.metrics, results.gates, None)
    stands_out = {item["candidate"]: item["stands_out"] for item in results.choice["side_by_side"]}
    return Judgement(
        name=name,
        words=words(name),
        champion=name == results.choice["champion"],
        passes=told["passes"],
        verdict=judged["verdict"],
        stands_out=" and ".join(_plain(text) for text in stands_out.get(name, [])),
        figures={figure: shown(results.metrics[name], figure) for figure in FIGURES},
        ratio=Shown(number(lowest["value"]), interval(lowest["interval"])) if lowest else Shown(DASH),
        whom=(group(lowest["attribute"], lowest["group"]) if lowest else DASH) + people,
        gates=tuple(Gate(item["passes"], item["reason"]) for item in quality["findings"]),
        against=tuple(told["against"]),
    )


def _plain(text: str) -> str:
    best, _, figure = text.partition("the best ")
    return f"the best {words(figure)}" if figure and not best else text
