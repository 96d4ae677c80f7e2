"""Draw up the picture of the last look for the service's page: the state, and each group's ratio over time."""

from datetime import UTC, datetime

from credit.reports.live.watch_picture import WatchedGroupState, WatchedRatio, WatchPicture
from release.watching.report import format_told
from release.watching.session import Look, Session
from release.watching.settings import Settings
from watch.judging import GroupFinding
from watch.state import RatioPoint

MOST_POINTS = 200
"""Points of a line, at most; of more than these every so many are shown, and the newest."""


def record_picture(session: Session, look: Look, now: datetime) -> WatchPicture:
    """Note the ratios of a look in the state, and draw up the picture with those of before."""
    points = list_points(look, now)
    if session.file is not None and look.entry is not None:
        key = (look.entry.number, look.entry.digest)
        session.file.note_ratios(key, points)
        points = session.file.read_ratios(key)
    return draw_picture(look, points, session.settings, now)


def draw_picture(look: Look, points: list[RatioPoint], settings: Settings, now: datetime) -> WatchPicture:
    """Draw up the picture of a look."""
    shown = [one for one in look.list_shown() if one.stream == "approvals"]
    taken_back = look.action.why_not if look.action and not look.took_back else ""
    return WatchPicture(
        environment=settings.environment,
        word=look.word,
        looked_at=now,
        entry=look.entry.number if look.entry else None,
        version=look.entry.version if look.entry else None,
        acts=settings.params.acts,
        limit=settings.judging.limit,
        obstacles=tuple(look.obstacles),
        news=(*([f"not taken back: {taken_back}"] if taken_back else []), *format_told(look.told)),
        groups=tuple(map(_describe_group, shown)),
        history=tuple(_draw_point(one) for one in _thin(points)),
    )


def list_points(look: Look, now: datetime) -> list[RatioPoint]:
    """List the ratios of the groups that are shown, as points of this hour."""
    hour = int(now.timestamp() // 3600)
    return [
        RatioPoint(hour, one.attribute, one.group, one.interval.ratio, one.interval.low, one.interval.high)
        for one in look.list_shown()
        if one.stream == "approvals"
    ]


def _describe_group(one: GroupFinding) -> WatchedGroupState:
    share = one.peak / one.threshold if one.is_alarm else one.evidence / one.threshold
    return WatchedGroupState(
        attribute=one.attribute,
        group=one.group,
        reference=one.reference,
        people=one.people,
        evidence=share,
        is_alarm=one.is_alarm,
    )


def _thin(points: list[RatioPoint]) -> list[RatioPoint]:
    hours = sorted({one.hour for one in points})
    kept = {*hours[:: -(-len(hours) // MOST_POINTS)], hours[-1]} if hours else set()
    return [one for one in points if one.hour in kept]


def _draw_point(one: RatioPoint) -> WatchedRatio:
    at = datetime.fromtimestamp(one.hour * 3600, UTC)
    return WatchedRatio(attribute=one.attribute, group=one.group, at=at, ratio=one.ratio, low=one.low, high=one.high)
