"""What the watch says at its address `/picture`, and the page of the service shows: its state, and ratios over time."""

from pydantic import AwareDatetime

from credit.reports.base import Count, Flag, Number, ReportPart


class WatchedRatio(ReportPart):
    """The ratio of a group's approvals to its reference group's at a moment, with its interval.

    None: nobody of the reference group was approved yet, or the interval is open.
    """

    attribute: str
    group: str
    at: AwareDatetime
    ratio: Number | None
    low: Number
    high: Number | None


class WatchedGroupState(ReportPart):
    """A group now. `evidence`: as a share of what is an alarm, from 1 on it is one."""

    attribute: str
    group: str
    reference: str
    people: Count
    evidence: Number
    is_alarm: Flag


class WatchPicture(ReportPart):
    """The last look of the watch. `word`: quiet, alarm or inconclusive; `entry` None: nothing is live."""

    environment: str
    word: str
    looked_at: AwareDatetime
    entry: Count | None
    version: str | None
    acts: Flag
    limit: Number
    obstacles: tuple[str, ...]
    news: tuple[str, ...]
    groups: tuple[WatchedGroupState, ...]
    history: tuple[WatchedRatio, ...]
