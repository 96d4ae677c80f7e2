"""Forest plots: one line per group and candidate, its figure with interval beside the reference, and the limit."""

from typing import NamedTuple

from credit.common.candidate_definition import format_candidate, label_candidate
from credit.common.formatting import capitalise, format_interval, format_number, format_percent, spell_out
from credit.contract.levels import UNDISCLOSED
from credit.fairness.policies import Limit
from credit.report.results import Results
from credit.report.svg import Scale, Tick, fit_scale
from credit.reports.base import OpenInterval
from credit.reports.fairness import Finding, PairFinding
from credit.reports.figures import ADVERSE_IMPACT_RATIO


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


def get_drawable(item: PairFinding) -> tuple[float, OpenInterval] | None:
    """Return the figure of a finding and its interval; None where there is none, or too few people to show it."""
    if item.verdict == "not assessable" or item.value is None or item.interval is None:
        return None
    return item.value, item.interval


def draw_mark(name: str, item: Finding, scale: Scale, reason: str) -> ForestMark:
    """Draw the mark of a finding about a candidate. `reason` is shown where there is no interval to draw."""
    drawn = get_drawable(item)
    value, (low, high) = drawn or (None, (None, None))
    follows = _describe_action(item)
    return ForestMark(
        candidate=label_candidate(name),
        value=format_number(value),
        interval=format_interval((low, high)) if drawn else reason,
        at=None if value is None else scale.place(value),
        low=_place_end(low, scale, 0.0) if drawn else None,
        high=_place_end(high, scale, 100.0) if drawn else None,
        kind=item.verdict,
        action=follows,
        description=f"{capitalise(format_candidate(name))}, {item.reason} "
        f"Verdict: {', '.join(filter(None, [item.verdict, follows]))}.",
    )


def _place_end(value: float | None, scale: Scale, beyond: float) -> float:
    return beyond if value is None else scale.place(value)


def _describe_action(item: Finding) -> str:
    if item.blocks:
        return "blocks"
    if item.waiver and item.waiver.used:
        return "waived"
    return "warning" if item.warn else ""


PARITY_VALUES = {ADVERSE_IMPACT_RATIO: 1.0}
"""The value of a figure when two groups are treated alike; 0 for differences."""


class ForestRow(NamedTuple):
    """One group beside its reference. `note`: how likely unequal treatment of it is found, or why nothing is drawn."""

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
    """Draw the adverse impact ratio and every other comparison that has a limit."""
    limits = results.fairness.chosen_policy.limits
    shown = [
        name
        for name, limit in limits.items()
        if name == ADVERSE_IMPACT_RATIO or (limit.gated and name.endswith("difference"))
    ]
    return tuple(_draw_forest(name, limits[name], results) for name in shown)


def list_limit_values(limit: Limit | None) -> list[float]:
    """List the limits that a figure has to keep; empty for a figure that is only reported."""
    ends = (limit.at_least, limit.at_most) if limit else ()
    return [value for value in ends if value is not None]


def _draw_forest(measure: str, limit: Limit, results: Results) -> Forest:
    found = {
        (name, item.attribute, item.group): item
        for name, judged in results.judged.items()
        for item in judged.findings
        if item.measure == measure
    }
    drawn = [figure for item in found.values() if (figure := get_drawable(item))]
    equal = PARITY_VALUES.get(measure, 0.0)
    limits = list_limit_values(limit)
    ends = [end for value, interval in drawn for end in (value, *interval) if end is not None]
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


def _describe_power(results: Results) -> dict[tuple[str, str], str]:
    """Describe for each group how likely the champion's policy would find unequal treatment of it."""
    drawn = results.judged[results.choice.champion].operating_characteristics
    if drawn is None:
        return {}
    ratio = format_percent(drawn.ratio, 0)
    return {
        (one.attribute, one.group): f"{ratio} of the reference's approvals would be found with "
        f"{format_percent(one.found, 0)}"
        for one in drawn.detected
    }


def _draw_attribute(
    attribute: str, reference: str, results: Results, found: dict[tuple[str, str, str], Finding], scale: Scale
) -> ForestAttribute:
    people = {name: of.people for name, of in next(iter(results.judged.values())).select_groups(attribute).items()}
    power = _describe_power(results)
    rows = []
    for group, count in people.items():
        items = {name: found[name, attribute, group] for name in results.judged if (name, attribute, group) in found}
        words = results.label_group(attribute, group)
        if group == UNDISCLOSED and count:
            note = "no group that is judged; the verdict above says what they may hide"
            rows.append(ForestRow(words, count, note, ()))
        elif group != reference:
            row = _draw_row(f"{attribute} {words}: ", words, count, items, scale)
            rows.append(row._replace(note=power.get((attribute, group), "")) if row.marks else row)
    beside = results.label_group(attribute, reference)
    return ForestAttribute(spell_out(attribute), f"{beside}, {people.get(reference, 0):,} people", tuple(rows))


def _draw_row(who: str, group: str, people: int, found: dict[str, Finding], scale: Scale) -> ForestRow:
    if not people:
        return ForestRow(group, people, "nobody to judge", ())
    reasons = {name: capitalise(item.reason.removeprefix(who)) for name, item in found.items()}
    if len(set(reasons.values())) == 1 and not any(map(get_drawable, found.values())):
        return ForestRow(group, people, f"not assessable. {next(iter(reasons.values()))}", ())
    return ForestRow(
        group, people, "", tuple(draw_mark(name, item, scale, reasons[name]) for name, item in found.items())
    )
