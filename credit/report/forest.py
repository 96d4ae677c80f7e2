"""How each group fares beside its reference: one line per group and candidate, drawn against the limit."""

from typing import NamedTuple

from credit.common.formatting import DASH, capitalise, format_candidate, format_interval, format_number, spell_out
from credit.fairness.policies import Limit
from credit.report.results import Json, Results
from credit.report.svg import Scale, Tick, fit_scale


class ForestMark(NamedTuple):
    """One candidate's figure for one group. `at`, `low` and `high` in percent of the axis; None: there is none.

    `kind` is the verdict, `action` what comes of it, `description` the whole in words. Without a figure, `interval`
    says why.
    """

    candidate: str
    value: str
    interval: str
    at: float | None
    low: float | None
    high: float | None
    kind: str
    action: str
    description: str


def is_drawable(item: Json) -> bool:
    """Whether a finding has a figure that may be looked at."""
    return item["verdict"] != "not assessable" and item["value"] is not None


def draw_mark(name: str, item: Json, scale: Scale, reason: str) -> ForestMark:
    """The mark of a finding about a candidate. `reason` stands in place of an interval where there is none to draw."""
    drawn = is_drawable(item)
    low, high = item["interval"] if drawn else (None, None)
    follows = _describe_action(item)
    return ForestMark(
        candidate=spell_out(name),
        value=format_number(item["value"]) if drawn else DASH,
        interval=format_interval(item["interval"]) if drawn else reason,
        at=scale.place(item["value"]) if drawn else None,
        low=_place_end(low, scale, 0.0) if drawn else None,
        high=_place_end(high, scale, 100.0) if drawn else None,
        kind=item["verdict"],
        action=follows,
        description=f"{capitalise(format_candidate(name))}, {item['reason']} "
        f"Verdict: {', '.join(filter(None, [item['verdict'], follows]))}.",
    )


def _place_end(value: float | None, scale: Scale, beyond: float) -> float:
    return beyond if value is None else scale.place(value)


def _describe_action(item: Json) -> str:
    waiver: Json = item.get("waiver") or {}
    if item["blocks"]:
        return "blocks"
    if waiver.get("used"):
        return "waived"
    return "warning" if item["warn"] else ""


ADVERSE_IMPACT_RATIO = "adverse_impact_ratio"
PARITY_VALUES = {ADVERSE_IMPACT_RATIO: 1.0}
"""The value of a figure when two groups are treated alike; 0 for differences."""


class ForestRow(NamedTuple):
    """One group beside its reference. `note` stands in place of marks: why there is nothing to draw."""

    group: str
    people: int
    note: str
    marks: tuple[ForestMark, ...]


class ForestAttribute(NamedTuple):
    """A protected attribute, its reference with how many people it has, and its other groups."""

    name: str
    reference: str
    rows: tuple[ForestRow, ...]


class Forest(NamedTuple):
    """One figure for all groups of every attribute. `limits` and `equal` in percent of the axis."""

    measure: str
    words: str
    limit: str
    source: str
    limits: tuple[float, ...]
    equal: float
    ticks: tuple[Tick, ...]
    attributes: tuple[ForestAttribute, ...]


def draw_forests(results: Results) -> tuple[Forest, ...]:
    """The adverse impact ratio and every other comparison that has a limit."""
    limits = results.fairness.chosen_policy.limits
    shown = [
        name
        for name, limit in limits.items()
        if name == ADVERSE_IMPACT_RATIO or (limit.gated and name.endswith("difference"))
    ]
    return tuple(_draw_forest(name, limits[name], results) for name in shown)


def list_limit_values(limit: Limit | None) -> list[float]:
    """The values that a figure has to keep; none of a figure that is only reported."""
    ends = (limit.at_least, limit.at_most) if limit else ()
    return [value for value in ends if value is not None]


def read_group_sizes(results: Results, attribute: str) -> dict[str, int]:
    """The groups of an attribute, the reference first, and how many people are judged of each."""
    groups = next(iter(results.judged.values()))["groups"]
    start = f"{attribute}: "
    return {name.removeprefix(start): of["people"] for name, of in groups.items() if name.startswith(start)}


def _draw_forest(measure: str, limit: Limit, results: Results) -> Forest:
    found = {
        (name, item["attribute"], item["group"]): item
        for name, judged in results.judged.items()
        for item in judged["findings"]
        if item["measure"] == measure
    }
    drawn = [item for item in found.values() if is_drawable(item)]
    equal = PARITY_VALUES.get(measure, 0.0)
    limits = list_limit_values(limit)
    ends = [end for item in drawn for end in (item["value"], *item["interval"]) if end is not None]
    scale = fit_scale([*ends, equal, *limits], 0, 100)
    return Forest(
        measure=measure,
        words=spell_out(measure),
        limit=str(limit),
        source=limit.source,
        limits=tuple(scale.place(value) for value in limits),
        equal=scale.place(equal),
        ticks=scale.choose_ticks(),
        attributes=tuple(
            _draw_attribute(attribute, column.reference or "", results, found, scale)
            for attribute, column in results.contract.protected.items()
        ),
    )


def _draw_attribute(
    attribute: str, reference: str, results: Results, found: dict[tuple[str, str, str], Json], scale: Scale
) -> ForestAttribute:
    people = read_group_sizes(results, attribute)
    rows = []
    for group, count in people.items():
        items = {name: found[name, attribute, group] for name in results.judged if (name, attribute, group) in found}
        if group != reference:
            rows.append(_draw_row(f"{attribute} {group}: ", group, count, items, scale))
    return ForestAttribute(spell_out(attribute), f"{reference}, {people.get(reference, 0):,} people", tuple(rows))


def _draw_row(who: str, group: str, people: int, found: dict[str, Json], scale: Scale) -> ForestRow:
    if not people:
        return ForestRow(group, people, "nobody to judge", ())
    reasons = {name: capitalise(item["reason"].removeprefix(who)) for name, item in found.items()}
    if len(set(reasons.values())) == 1 and not any(map(is_drawable, found.values())):
        return ForestRow(group, people, f"not assessable. {next(iter(reasons.values()))}", ())
    return ForestRow(
        group, people, "", tuple(draw_mark(name, item, scale, reasons[name]) for name, item in found.items())
    )
