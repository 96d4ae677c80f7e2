"""The section of the page about the watch: its state, and the ratio of each group over time with its band and limit.

The watch is another process, and may be down: then the last picture that was seen stays, and the page says how old it
is. The watch does not need the service for it.
"""

import http.client
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import ValidationError

from credit.common.dates import DisplayTime, describe_time
from credit.reports.live.watch_picture import WatchedGroupState, WatchedRatio, WatchPicture

_SECONDS, _MAX_BYTES = 2.0, 2_000_000
_LATE = timedelta(minutes=5)
WIDTH, HEIGHT, HIGHEST = 400, 120, 1.5
"""Of a chart, in units of its own; the ratio at its upper edge, above which lines are cut off."""


class SeenWatch(NamedTuple):
    """The last picture of the watch that was seen, None when there was none. `answers`: whether it answers now."""

    picture: WatchPicture | None
    answers: bool


class WatchReader:
    """Reads the picture of the watch at an address, and remembers the last one."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._seen: WatchPicture | None = None

    def read(self) -> SeenWatch:
        """Read the picture; the one of before while the watch does not answer. Never raises."""
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        try:
            connection = kind(self._url.hostname or "", self._url.port, timeout=_SECONDS)
            try:
                connection.request("GET", f"{self._url.path.rstrip('/')}/picture")
                answer = connection.getresponse()
                content = answer.read(_MAX_BYTES)
            finally:
                connection.close()
            if answer.status != http.HTTPStatus.OK:
                return SeenWatch(self._seen, False)
            self._seen = WatchPicture.model_validate_json(content)
        except (OSError, http.client.HTTPException, ValidationError):
            return SeenWatch(self._seen, False)
        return SeenWatch(self._seen, True)


class Chart(NamedTuple):
    """The ratio of a group over time, as lines of an SVG. `band`: a closed path; `limit`: the height of the limit."""

    attribute: str
    group: str
    words: str
    is_alarm: bool
    line: str
    band: str
    limit: float


class WatchSection(NamedTuple):
    """The values of the template. `is_wrong`: somebody should look."""

    headline: str
    notes: list[str]
    looked: DisplayTime | None
    charts: list[Chart]
    since: DisplayTime | None
    is_wrong: bool


_HEADLINES = {
    "quiet": "No group is treated unequally beyond doubt",
    "alarm": "A group is treated unequally beyond doubt",
    "inconclusive": "Nothing can be concluded",
}


def build_watch_section(seen: SeenWatch, environment: str, entry: int, now: datetime) -> WatchSection:
    """Build the section. `entry`: by which the service decides."""
    picture = seen.picture
    if picture is None:
        return WatchSection("The watch does not answer", [], None, [], None, True)
    notes = [*picture.obstacles, *picture.news]
    is_late = now - picture.looked_at > _LATE
    if not seen.answers or is_late:
        notes.insert(
            0, "the watch does not answer now: this is what it said last" if not seen.answers else "it is late"
        )
    if picture.environment != environment:
        notes.insert(0, f"it watches {picture.environment}, and this service decides in {environment}")
    elif picture.entry != entry:
        notes.insert(0, f"it judges entry {picture.entry}, and this service decides by entry {entry}")
    if not picture.acts:
        notes.append("it may not take a version back by itself")
    begin = min((one.at for one in picture.history), default=None)
    return WatchSection(
        headline=_HEADLINES.get(picture.word, picture.word),
        notes=notes,
        looked=describe_time(picture.looked_at, now),
        charts=[draw_chart(one, picture.history, picture.limit) for one in picture.groups],
        since=describe_time(begin, now) if begin else None,
        is_wrong=picture.word != "quiet" or not seen.answers or is_late,
    )


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
    if newest is None or newest.ratio is None:
        return f"{people}, no ratio yet"
    high = "any" if newest.high is None else f"{newest.high:.2f}"
    share = f"{group.evidence:.0%} of the evidence for an alarm" if group.evidence < 1 else "an alarm"
    interval = f"(interval {newest.low:.2f} to {high})"
    return f"{newest.ratio:.2f} times as often as {group.reference} {interval}, {people}, {share}"


def _join(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{_place(value):.1f}" for x, value in points)


def _place(ratio: float) -> float:
    """Place a ratio between the lower edge, which is 0, and the upper one."""
    return HEIGHT * (1 - min(max(ratio, 0.0), HIGHEST) / HIGHEST)
