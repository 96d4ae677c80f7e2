"""Every figure of every group, the pairs of groups in short, and what the recorded outcomes say by themselves."""

from collections import Counter
from typing import NamedTuple

from credit.common.formatting import DASH, Shown, group, interval, number, shown, words
from credit.fairness.counts import AND
from credit.report.forest import RATIO, is_drawn
from credit.report.results import Json, Results


class Table(NamedTuple):
    """One candidate's figures by the groups of one attribute: a row per figure, a cell per group."""

    candidate: str
    groups: tuple[str, ...]
    rows: dict[str, tuple[Shown, ...]]


class Attribute(NamedTuple):
    """A protected attribute: what it is, and its tables, one per candidate."""

    name: str
    description: str
    reference: str
    tables: tuple[Table, ...]


class Pairs(NamedTuple):
    """One candidate's pairs of groups: how often each verdict, the lowest ratio and whose, and what fails.

    The lowest is of groups that are large enough to be judged, as it is of single attributes.
    """

    candidate: str
    verdicts: dict[str, int]
    lowest: Shown
    whom: str
    fails: tuple[str, ...]


class Outcome(NamedTuple):
    """The group with the lowest share of favourable outcomes beside its reference's: no candidate is in this."""

    attribute: str
    group: str
    reference: str
    rate: Shown
    reference_rate: Shown
    ratio: float


def attributes(results: Results) -> tuple[Attribute, ...]:
    """Every protected attribute of the contract."""
    return tuple(
        Attribute(
            words(name),
            column.description,
            column.reference or "",
            tuple(_table(candidate, name, judged["groups"]) for candidate, judged in results.judged.items()),
        )
        for name, column in results.contract.protected.items()
    )


def _table(candidate: str, attribute: str, groups: Json) -> Table:
    start = f"{attribute}: "
    own = {name.removeprefix(start): of for name, of in groups.items() if name.startswith(start)}
    figures = [key for key in next(iter(own.values()), {}) if not key.endswith("_interval")]
    rows = {words(key): tuple(shown(of, key) for of in own.values()) for key in figures}
    return Table(words(candidate), tuple(own), rows)


def pairs(results: Results) -> tuple[Pairs, ...]:
    """Every candidate's pairs, in short."""
    least = results.fairness.rules.smallest_denominator
    return tuple(_pairs(name, judged, least) for name, judged in results.judged.items())


def _pairs(name: str, judged: Json, least: int) -> Pairs:
    items = [item for item in (*judged["findings"], *judged["pairs"]) if AND in item["attribute"]]
    gated = [item for item in items if item["verdict"] != "reported"]
    ratios = [item for item in items if item["measure"] == RATIO and is_drawn(item) and item["people"] >= least]
    lowest = min(ratios, key=lambda item: item["value"], default=None)
    return Pairs(
        words(name),
        dict(Counter(item["verdict"] for item in gated)),
        Shown(number(lowest["value"]), interval(lowest["interval"])) if lowest else Shown(DASH),
        f"{group(lowest['attribute'], lowest['group'])}, {lowest['people']:,} people" if lowest else DASH,
        tuple(item["reason"] for item in gated if item["verdict"] == "fail"),
    )


def lowest_outcome(results: Results) -> Outcome | None:
    """Where the recorded outcomes differ most, among groups that are large enough to be judged."""
    groups = next(iter(results.judged.values()))["groups"]
    least = results.fairness.rules.smallest_denominator
    found = []
    for attribute, column in results.contract.protected.items():
        reference = groups.get(f"{attribute}: {column.reference}", {})
        if reference.get("people", 0) < least or not reference["base_rate"]:
            continue
        for name, of in groups.items():
            group = name.removeprefix(f"{attribute}: ")
            if group not in (name, column.reference) and of["people"] >= least:
                ratio = of["base_rate"] / reference["base_rate"]
                rates = shown(of, "base_rate"), shown(reference, "base_rate")
                found.append(Outcome(attribute, group, column.reference or "", *rates, ratio))
    return min(found, key=lambda outcome: outcome.ratio, default=None)
