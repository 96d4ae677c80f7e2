"""The ratio of each group's approvals to those of its reference group over the last day, against the limit."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from credit.common.formatting import capitalise, spell_out
from credit.contract.columns import Column
from credit.contract.levels import UNDISCLOSED
from credit.decision_log.counting.summary import DecisionCounts
from service.page.approvals import FEW_PEOPLE, compute_ratio, count_people, format_ratio
from service.page.ratio_limit import ShownLimit
from service.page.section import PageSection, SectionContent, SectionSource
from service.page.trend import HOURS, begin_of_day

_WIDTHS = (1, 2, 3, 4, 6, 8, 12)
"""Hours of one point, of which the fewest are taken that leave few points of few people."""

_LOWEST, _HIGHEST = 0.4, 1.2
"""The ratios at the edges; what is beyond is drawn there."""


_WIDTH, _HEIGHT, _LEFT = 480, 100, 30
"""Of the drawing; labels are to the left of `_LEFT`."""


class DrawnRatio(NamedTuple):
    """The ratio of some hours. `x`, `y` from the upper left of the drawing; `place`: its number in the day."""

    place: int

    x: float
    y: float
    is_below: bool
    is_few: bool
    said: str


class GroupRatios(NamedTuple):
    """A group: the ratio of the whole day, and of each part of it. `lines` connect neighbours, as SVG writes it."""

    name: str
    reference: str
    whole: str
    is_below: bool
    points: list[DrawnRatio]
    lines: list[str]
    said: str


class AttributeRatios(NamedTuple):
    """The groups of an attribute beside its reference group."""

    name: str
    groups: list[GroupRatios]
    hours: int


class RatioLevel(NamedTuple):
    """A line across a drawing: the limit, or parity."""

    kind: str
    y: float
    label: str


class RatiosShown(NamedTuple):
    """The attributes, and the lines across each drawing. `limit`: sentences; `hours`: labels, and where they begin."""

    attributes: list[AttributeRatios]
    limit: str
    levels: list[RatioLevel]
    hours: list[tuple[float, str]]
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT


def describe(source: SectionSource) -> SectionContent | None:
    """Describe the ratios of the last day; None where no group can be shown."""
    if source.serving is None or source.recent is None:
        return None
    begin, least = begin_of_day(source.now), source.limit.at_least
    found = [
        _describe_attribute(source.recent.counts, name, column, begin, least)
        for name, column in source.serving.bundle.contract.protected.items()
    ]
    shown = [one for one in found if one.groups]
    if not shown:
        return None
    levels = [RatioLevel("parity", _find_y(1.0), "1")]
    if least is not None and least != 1:
        levels.append(RatioLevel("limit", _find_y(least), f"{least:g}"))
    times = [begin + timedelta(hours=hour) for hour in range(HOURS - 1)]  # beside the last there is no room
    hours = [(_find_x(place, HOURS + 1), f"{at:%H:%M}") for place, at in enumerate(times) if at.hour % 6 == 0]
    return SectionContent(RatiosShown(shown, _describe_limit(source.limit), levels, hours))


def _describe_limit(limit: ShownLimit) -> str:
    """Describe the line of the limit; the one of parity may be it."""
    if limit.at_least is None:
        return f"There is {limit.said}."
    line = "The line of 1" if limit.at_least == 1 else "The broken line"
    return f"{line} is the limit: {limit.said}. A triangle is below it."


def _describe_attribute(
    counts: DecisionCounts, name: str, column: Column, begin: datetime, least: float | None
) -> AttributeRatios:
    whole = count_people(counts, name, column)
    reference = str(column.reference)
    groups = [one for one in whole[0] if one not in (reference, UNDISCLOSED)]
    groups.sort(key=lambda one: [*map(str, column.allowed or ()), one].index(one))
    hourly = _count_hours(counts, name, column, begin)
    hours = _choose_width(hourly, groups, reference)
    parts = [_add(hourly[first : first + hours]) for first in range(0, HOURS + 1, hours)]
    shown = [
        _describe_group(column, one, reference, whole, parts, (begin, hours), least)
        for one in groups
        if compute_ratio(_pick(whole, one), _pick(whole, reference)) is not None
    ]
    return AttributeRatios(capitalise(spell_out(name)), shown, hours)


_People = tuple[Counter[str], Counter[str]]
"""The people of each group, and the approved among them."""


def _count_hours(counts: DecisionCounts, name: str, column: Column, begin: datetime) -> list[_People]:
    by_hour: dict[datetime, DecisionCounts] = {}
    for cell, number in counts.items():
        by_hour.setdefault(cell.hour, Counter())[cell] += number
    hours = [begin + timedelta(hours=hour) for hour in range(HOURS + 1)]
    return [count_people(by_hour.get(hour, Counter()), name, column) for hour in hours]


def _choose_width(hourly: Sequence[_People], groups: Sequence[str], reference: str) -> int:
    """Choose how many hours a point has: as few as leave enough people in most of the points that have any."""
    for hours in _WIDTHS:
        parts = [_add(hourly[first : first + hours]) for first in range(0, len(hourly), hours)]
        sizes = [min(part[0][one], part[0][reference]) for part in parts for one in groups]
        used = [size for size in sizes if size]
        if used and sum(size >= FEW_PEOPLE for size in used) * 2 >= len(used):
            return hours
    return _WIDTHS[-1]


def _add(parts: Sequence[_People]) -> _People:
    people: Counter[str] = Counter()
    approved: Counter[str] = Counter()
    for one, of_them in parts:
        people.update(one)
        approved.update(of_them)
    return people, approved


def _pick(counted: _People, group: str) -> tuple[int, int]:
    return counted[1][group], counted[0][group]


def _describe_group(
    column: Column,
    group: str,
    reference: str,
    whole: _People,
    parts: Sequence[_People],
    grid: tuple[datetime, int],
    least: float | None,
) -> GroupRatios:
    begin, hours = grid
    points = []
    for place, part in enumerate(parts):
        ratio = compute_ratio(_pick(part, group), _pick(part, reference))
        if ratio is not None:
            is_few = min(part[0][group], part[0][reference]) < FEW_PEOPLE
            first = begin + timedelta(hours=place * hours)
            last = first + timedelta(hours=hours)
            said = f"{first:%H:%M} to {last:%H:%M}: {format_ratio(ratio)}{', of few people' if is_few else ''}"
            x = _find_x(place + 0.5, len(parts))
            points.append(DrawnRatio(place, x, _find_y(ratio), least is not None and ratio < least, is_few, said))
    ratio = compute_ratio(_pick(whole, group), _pick(whole, reference)) or 0.0
    is_few = min(whole[0][group], whole[0][reference]) < FEW_PEOPLE
    listed = "; ".join(point.said for point in points) or "no part of the day has enough people"
    name, beside = _name_group(column, group), _name_group(column, reference)
    is_below = least is not None and ratio < least and not is_few
    said = f"Ratio of {name} to {beside}. {listed}"
    return GroupRatios(name, beside, format_ratio(ratio), is_below, points, _connect(points), said)


def _name_group(column: Column, group: str) -> str:
    """Name a group for people; those that the contract does not list are together in one."""
    return column.name_value(group) if group in map(str, column.allowed or ()) else group


def _connect(points: Sequence[DrawnRatio]) -> list[str]:
    """Connect each run of neighbours: where a part of the day has no ratio, the line breaks."""
    runs: list[list[DrawnRatio]] = []
    for point in points:
        if not runs or runs[-1][-1].place + 1 < point.place:
            runs.append([])
        runs[-1].append(point)
    return [" ".join(f"{one.x},{one.y}" for one in run) for run in runs if len(run) > 1]


def _find_x(place: float, places: int) -> float:
    return round(_LEFT + (_WIDTH - _LEFT) * place / places, 1)


def _find_y(ratio: float) -> float:
    shown = min(max(ratio, _LOWEST), _HIGHEST)
    return round(_HEIGHT * (_HIGHEST - shown) / (_HIGHEST - _LOWEST), 1)


SECTION = PageSection(
    title="Each group's ratio against the limit",
    place=10,
    describe=describe,
    template="""
<p class="small soft">Approvals of a group by those of its reference group, over the last day. {{ it.limit }}
A hollow mark is of few people and varies by chance. Hours are UTC; a ratio below 0.4 or above 1.2 is drawn at the
edge.</p>
<div class="pair">
{% for attribute in it.attributes %}{% for group in attribute.groups %}
<figure class="ratios">
<figcaption><span class="soft">{{ attribute.name }}:</span> <b>{{ group.name }}</b> to {{ group.reference }}
<span class="small soft">{{ "by hour" if attribute.hours == 1 else "by " ~ attribute.hours ~ " hours" }}</span>
<span class="whole">{{ m.mark("wrong") if group.is_below }} <b>{{ group.whole }}</b></span></figcaption>
<svg viewBox="0 0 {{ it.width }} {{ it.height + 20 }}" role="img" aria-label="{{ group.said }}">
<rect class="ground" x="{{ it.left }}" width="{{ it.width - it.left }}" height="{{ it.height }}"/>
{% for line in it.levels %}
<line class="{{ line.kind }}" x1="{{ it.left }}" x2="{{ it.width }}" y1="{{ line.y }}" y2="{{ line.y }}"/>
<text x="0" y="{{ line.y + 4 }}">{{ line.label }}</text>
{% endfor %}
{% for x, label in it.hours %}<text x="{{ x }}" y="{{ it.height + 15 }}">{{ label }}</text>{% endfor %}
{% for line in group.lines %}<polyline class="path" points="{{ line }}"/>{% endfor %}
{% for point in group.points %}
<g class="point{{ " below" if point.is_below }}{{ " few" if point.is_few }}"
transform="translate({{ point.x }} {{ point.y }})"><title>{{ point.said }}</title>
{% if point.is_below %}<path d="M0-5L5 4H-5z"/>{% else %}<circle r="3.2"/>{% endif %}</g>
{% endfor %}
</svg>
</figure>
{% endfor %}{% endfor %}
</div>
""",
)
