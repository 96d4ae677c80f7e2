"""How long applicants waited for their decisions in the last hour."""

from typing import NamedTuple

from service.page.decision_times import PeriodTimes
from service.page.section import PageSection, SectionContent, SectionSource

_SHARES = ((0.5, "Half of them within"), (0.95, "95 of a hundred within"), (0.99, "99 of a hundred within"))


class TimeBar(NamedTuple):
    """The decisions between two bounds. `height`: in percent of the highest bar."""

    label: str
    height: float
    said: str


class DecisionTimesShown(NamedTuple):
    """How long decisions took. `bounds`: by which time a share of them was made, in words."""

    total: str
    period: str
    bounds: list[tuple[str, str]]
    bars: list[TimeBar]
    workers: int


def describe(source: SectionSource) -> SectionContent | None:
    """Describe the decisions of this service in the last hour; None: there were none."""
    found = source.times.read_period()
    if not found.total:
        return None
    bounds = [(said, format_seconds(found.find_bound(share))) for share, said in _SHARES]
    period, workers = format_period(found.seconds), source.parts.settings.workers
    return SectionContent(DecisionTimesShown(f"{found.total:,}", period, bounds, draw_bars(found), workers))


def draw_bars(found: PeriodTimes) -> list[TimeBar]:
    """Draw a bar for the decisions between any two bounds, from the first that has one to the last."""
    numbers = [count - before for count, before in zip(found.counts, [0, *found.counts], strict=False)]
    used = [place for place, number in enumerate(numbers) if number]
    shown = range(used[0], used[-1] + 1) if used else range(0)
    most = max(numbers, default=0)
    return [
        TimeBar(
            format_seconds(found.bounds[place]),
            round(100 * numbers[place] / most, 1),
            f"within {format_seconds(found.bounds[place])}: {numbers[place]:,}",
        )
        for place in shown
    ]


def format_period(seconds: float) -> str:
    """Format a period for people; as it begins with a sample, one of an hour is up to a minute longer."""
    minutes = max(1, round(seconds / 60))
    return "hour" if minutes >= 60 else "minute" if minutes == 1 else f"{minutes} minutes"


def format_seconds(seconds: float) -> str:
    """Format a bound for people."""
    if seconds == float("inf"):
        return "more than 5 s"
    return f"{1000 * seconds:g} ms" if seconds < 1 else f"{seconds:g} s"


SECTION = PageSection(
    title="How long decisions took",
    place=20,
    describe=describe,
    template="""
<p class="small soft">The {{ it.total }} decisions of the last {{ it.period }} by this service
{{- ", all its " ~ it.workers ~ " workers together" if it.workers > 1 }}: from the last byte of the request until the
decision is in the log. An application of a batch takes as long as its batch.</p>
<dl class="tiles">
{% for name, said in it.bounds %}<div><dt>{{ name }}</dt><dd><b>{{ said }}</b></dd></div>{% endfor %}
</dl>
<ul class="columns" aria-label="Decisions by how long they took, each up to the time below it">
{% for bar in it.bars %}
<li title="{{ bar.said }}"><span class="column" aria-hidden="true"><span style="height:{{ bar.height }}%"></span></span>
<span class="small">{{ bar.label }}</span></li>
{% endfor %}
</ul>
""",
)
