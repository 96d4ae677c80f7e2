"""How each group fares beside its reference: one line per group and candidate, drawn against the limit."""

from typing import NamedTuple

from credit.common.formatting import DASH, interval, number, sentence, the, words
from credit.fairness.policies import Limit
from credit.report.results import Json, Results
from credit.report.svg import Scale, Tick, around


class Mark(NamedTuple):
    """One candidate's figure for one group. `at`, `low` and `high` in percent of the axis; None: there is none.

    `kind` is the verdict, `follows` what comes of it, `told` the whole in words. Without a figure, `interval` says why.
    """

    candidate: str
    value: str
    interval: str
    at: float | None
    low: float | None
    high: float | None
    kind: str
    follows: str
    told: str


def is_drawn(item: Json) -> bool:
    """Whether a finding has a figure that may be looked at."""
    return item["verdict"] != "not assessable" and item["value"] is not None


def mark_of(name: str, item: Json, scale: Scale, reason: str) -> Mark:
    """The mark of a finding about a candidate. `reason` stands in place of an interval where there is none to draw."""
    drawn = is_drawn(item)
    low, high = item["interval"] if drawn else (None, None)
    follows = _follows(item)
    return Mark(
        candidate=words(name),
        value=number(item["value"]) if drawn else DASH,
        interval=interval(item["interval"]) if drawn else reason,
        at=scale.at(item["value"]) if drawn else None,
        low=_end(low, scale, 0.0) if drawn else None,
        high=_end(high, scale, 100.0) if drawn else None,
        kind=item["verdict"],
        follows=follows,
        told=f"{sentence(the(name))}, {item['reason']} Verdict: {item['verdict']}{', ' if follows else ''}{follows}.",
    )


def _end(value: float | None, scale: Scale, beyond: float) -> float:
    return beyond if value is None else scale.at(value)


def _follows(item: Json) -> str:
    waiver: Json = item.get("waiver") or {}
    if item["blocks"]:
        return "blocks"
    if waiver.get("used"):
        return "waived"
    return "warning" if item["warn"] else ""


RATIO = "adverse_impact_ratio"
EQUAL = {RATIO: 1.0}
"""The value of a figure when two groups are treated alike; 0 for differences."""


class Row(NamedTuple):
    """One group beside its reference. `note` stands in place of marks: why there is nothing to draw."""

    group: str
    people: int
    note: str
    marks: tuple[Mark, ...]


class Attribute(NamedTuple):
    """A protected attribute, its reference with how many people it has, and its other groups."""

    name: str
    reference: str
    rows: tuple[Row, ...]


class Forest(NamedTuple):
    """One figure for all groups of every attribute. `limits` and `equal` in percent of the axis."""

    measure: str
    words: str
    limit: str
    source: str
    limits: tuple[float, ...]
    equal: float
    ticks: tuple[Tick, ...]
    attributes: tuple[Attribute, ...]


def forests(results: Results) -> tuple[Forest, ...]:
    """The adverse impact ratio and every other comparison that has a limit."""
    limits = results.fairness.chosen.limits
    shown = [name for name, limit in limits.items() if name == RATIO or (limit.gated and name.endswith("difference"))]
    return tuple(_forest(name, limits[name], results) for name in shown)


def values_of(limit: Limit | None) -> list[float]:
    """The values that a figure has to keep; none of a figure that is only reported."""
    ends = (limit.at_least, limit.at_most) if limit else ()
    return [value for value in ends if value is not None]


def people_of(results: Results, attribute: str) -> dict[str, int]:
    """The groups of an attribute, the reference first, and how many people are judged of each."""
    groups = next(iter(results.judged.values()))["groups"]
    start = f"{attribute}: "
    return {name.removeprefix(start): of["people"] for name, of in groups.items() if name.startswith(start)}


def _forest(measure: str, limit: Limit, results: Results) -> Forest:
    found = {
        (name, item["attribute"], item["group"]): item
        for name, judged in results.judged.items()
        for item in judged["findings"]
        if item["measure"] == measure
    }
    drawn = [item for item in found.values() if is_drawn(item)]
    equal = EQUAL.get(measure, 0.0)
    limits = values_of(limit)
    ends = [end for item in drawn for end in (item["value"], *item["interval"]) if end is not None]
    scale = around([*ends, equal, *limits], 0, 100)
    return Forest(
        measure=measure,
        words=words(measure),
        limit=str(limit),
        source=limit.source,
        limits=tuple(scale.at(value) for value in limits),
        equal=scale.at(equal),
        ticks=scale.ticks(),
        attributes=tuple(
            _attribute(attribute, column.reference or "", results, found, scale)
            for attribute, column in results.contract.protected.items()
        ),
    )


def _attribute(
    attribute: str, reference: str, results: Results, found: dict[tuple[str, str, str], Json], scale: Scale
) -> Attribute:
    people = people_of(results, attribute)
    rows = []
    for group, count in people.items():
        items = {name: found[name, attribute, group] for name in results.judged if (name, attribute, group) in found}
        if group != reference:
            rows.append(_row(f"{attribute} {group}: ", group, count, items, scale))
    return Attribute(words(attribute), f"{reference}, {people.get(reference, 0):,} people", tuple(rows))


def _row(who: str, group: str, people: int, found: dict[str, Json], scale: Scale) -> Row:
    if not people:
        return Row(group, people, "nobody to judge", ())
    reasons = {name: sentence(item["reason"].removeprefix(who)) for name, item in found.items()}
    if len(set(reasons.values())) == 1 and not any(map(is_drawn, found.values())):
        return Row(group, people, f"not assessable. {next(iter(reasons.values()))}", ())
    return Row(group, people, "", tuple(mark_of(name, item, scale, reasons[name]) for name, item in found.items()))
