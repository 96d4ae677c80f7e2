"""What the watch says: its state, and the ratio of each group over time with its interval and the limit."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from credit.common.dates import DisplayTime, describe_time
from credit.common.formatting import capitalise
from credit.reports.live.watch_picture import WatchedGroupState, WatchedRatio, WatchPicture
from service.page.section import PageSection, SectionContent, SectionSource
from service.page.watch import SeenWatch

_LATE = timedelta(minutes=5)
WIDTH, HEIGHT, HIGHEST = 400, 120, 1.5
"""Of a chart, in units of its own; the ratio at its upper edge, above which lines are cut off."""


class Chart(NamedTuple):
    """The ratio of a group over time, as lines of an SVG. `band`: a closed path; `limit`: the height of the limit."""

    attribute: str
    group: str
    words: str
    is_alarm: bool
    line: str
    band: str
    limit: float


class WatchShown(NamedTuple):
    """The values of the template. `problems`: why somebody should look, for the head of the page."""

    headline: str
    problems: list[str]
    notes: Sequence[str] = ()
    looked: DisplayTime | None = None
    charts: Sequence[Chart] = ()
    since: DisplayTime | None = None


_HEADLINES = {
    "quiet": "No group is treated unequally beyond doubt",
    "alarm": "A group is treated unequally beyond doubt",
    "inconclusive": "Nothing can be concluded",
}


def describe(source: SectionSource) -> SectionContent | None:
    """Describe what the watch says; None where the settings name no watch."""
    if source.watch is None:
        return None
    number = source.serving.number if source.serving else 0
    shown = describe_watch(source.watch, source.parts.settings.environment, number, source.now)
    return SectionContent(shown, shown.problems)


def describe_watch(seen: SeenWatch, environment: str, entry: int, now: datetime) -> WatchShown:
    """Describe the picture that was seen. `entry`: by which the service decides."""
    picture = seen.picture
    if picture is None:
        return WatchShown("The watch does not answer", ["The watch does not answer."])
    headline = _HEADLINES.get(picture.word, picture.word)
    failures = _list_failures(picture, seen.answers, environment, now)
    problems = [f"{capitalise(failure)}." for failure in failures]
    if picture.word != "quiet":
        problems.append(f"The watch: {headline}.")
    notes = [*failures, *picture.obstacles, *picture.news]
    is_ours = picture.environment == environment
    if is_ours and picture.entry is not None and picture.entry != entry:  # None: the obstacles say why
        notes.insert(0, f"it judges entry {picture.entry}, and this service decides by entry {entry}")
    if not picture.acts:
        notes.append("it may not take a version back by itself")
    begin = min((one.at for one in picture.history), default=None)
    return WatchShown(
        headline,
        problems,
        notes,
        looked=describe_time(picture.looked_at, now),
        charts=[draw_chart(one, picture.history, picture.limit) for one in picture.groups],
        since=describe_time(begin, now) if begin else None,
    )


def _list_failures(picture: WatchPicture, answers: bool, environment: str, now: datetime) -> list[str]:
    """List why the picture is not that of this environment now."""
    failures = []
    if picture.environment != environment:
        failures.append(f"the watch watches {picture.environment}, and this service decides in {environment}")
    if not answers:
        failures.append("the watch does not answer now: the page shows what it said last")
    elif now - picture.looked_at > _LATE:
        failures.append("the watch has not looked for more than five minutes")
    return failures


def draw_chart(group: WatchedGroupState, history: Sequence[WatchedRatio], limit: float) -> Chart:
    """Draw the ratio of a group, from the left edge to now."""
    points = [one for one in history if (one.attribute, one.group) == (group.attribute, group.group)]
    first, last = (points[0].at, points[-1].at) if points else (datetime.now(UTC),) * 2
    span = (last - first).total_seconds() or 1.0
    places = [WIDTH * (one.at - first).total_seconds() / span for one in points]
    if len(points) == 1:  # a line of one point would not be seen
        points, places = points * 2, [0.0, float(WIDTH)]
    known = [(x, one.ratio) for x, one in zip(places, points, strict=True) if one.ratio is not None]
    upper = [(x, HIGHEST if one.high is None else one.high) for x, one in zip(places, points, strict=True)]
    lower = [(x, one.low) for x, one in zip(places, points, strict=True)]
    return Chart(
        attribute=group.attribute,
        group=group.group,
        words=_describe(group, points[-1] if points else None),
        is_alarm=group.is_alarm,
        line=_join(known),
        band=_join([*upper, *reversed(lower)]),
        limit=_place(limit),
    )


def _describe(group: WatchedGroupState, newest: WatchedRatio | None) -> str:
    people = f"{group.people:,} people"
    if newest is None:
        return f"{people}, no ratio yet"
    if newest.ratio is None:
        return f"{people}, no ratio yet: nobody of {group.reference} beside them was approved"
    high = "any" if newest.high is None else f"{newest.high:.2f}"
    share = f"{group.evidence:.0%} of the evidence for an alarm" if group.evidence < 1 else "an alarm"
    interval = f"(interval {newest.low:.2f} to {high})"
    return f"{newest.ratio:.2f} times as often as {group.reference} {interval}, {people}, {share}"


def _join(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{_place(value):.1f}" for x, value in points)


def _place(ratio: float) -> float:
    """Place a ratio between the lower edge, which is 0, and the upper one."""
    return HEIGHT * (1 - min(max(ratio, 0.0), HIGHEST) / HIGHEST)


SECTION = PageSection(
    title="The watch",
    place=40,
    describe=describe,
    template="""
<p class="lead">{{ m.mark("wrong") if it.problems }} {{ it.headline }}.</p>
{% if it.looked %}
<p class="small soft">It judges how often each group is approved since the live entry was made, with a guarantee; it
looked {{ m.at(it.looked) }}.</p>
{% endif %}
{% for text in it.notes %}<p class="caution">{{ text | sentence }}</p>{% endfor %}
{% if it.charts %}
<div class="pair">
{% for chart in it.charts %}
<figure class="ratio">
<figcaption>{{ m.mark("wrong") if chart.is_alarm }} <b>{{ chart.attribute | sentence }}: {{ chart.group }}</b>
<span class="small">approved {{ chart.words }}</span></figcaption>
<svg viewBox="0 0 400 120" role="img" aria-label="Ratio of approvals over time, with its interval and the limit">
<polygon class="band" points="{{ chart.band }}"/>
<line class="limit" x1="0" x2="400" y1="{{ "%.1f" | format(chart.limit) }}" y2="{{ "%.1f" | format(chart.limit) }}"/>
<polyline class="line" points="{{ chart.line }}"/></svg>
</figure>
{% endfor %}
</div>
<p class="small soft">The line is the ratio to the reference group, the band its interval, valid however often somebody
looks; the dashed line is the limit. From 0 to 1.5{% if it.since %}, since {{ m.at(it.since) }}{% endif %}. Groups of
fewer than ten people are not shown.</p>
{% endif %}
""",
)
