"""Judge an entry: the groups that are treated unequally, and why nothing can be concluded."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from watch.cursors import WriterCursor
from watch.evidence import GroupWatch
from watch.ratio_interval import RatioInterval, compute_interval
from watch.state import WatchState
from watch.streams import STREAM_KINDS, EntryStreams, StreamKind


class GroupFinding(NamedTuple):
    """A group beside its reference group, in one stream of an entry.

    `evidence`: that its ratio is below the limit, an alarm beyond `threshold`; `crossed`: when it was for the first
    time. `interval`: of the ratio on average since the entry was made.
    """

    stream: StreamKind
    attribute: str
    group: str
    reference: str
    people: int
    approved: int
    reference_people: int
    reference_approved: int
    interval: RatioInterval
    evidence: float
    peak: float
    threshold: float
    crossed: datetime | None

    @property
    def is_alarm(self) -> bool:
        """Tell whether the group is treated unequally beyond doubt, and a version may be taken back for it."""
        return self.stream == "approvals" and self.crossed is not None


def list_findings(streams: EntryStreams, alpha: float, interval_alpha: float) -> list[GroupFinding]:
    """List the findings on every group of an entry in which there are people."""
    return [
        finding
        for kind in STREAM_KINDS
        for attribute in streams.groups[kind]
        for finding in _judge_attribute(streams, kind, attribute, alpha, interval_alpha)
    ]


def _judge_attribute(
    streams: EntryStreams, kind: StreamKind, attribute: str, alpha: float, interval_alpha: float
) -> Iterator[GroupFinding]:
    watched, reference = streams.groups[kind][attribute], streams.references[attribute]
    for group, watch in watched.items():
        if group != reference and watch.people:
            yield _judge_group(
                (kind, attribute, group, reference), watch, watched[reference], streams.compared / alpha, interval_alpha
            )


def _judge_group(
    names: tuple[StreamKind, str, str, str],
    watch: GroupWatch,
    reference: GroupWatch,
    threshold: float,
    interval_alpha: float,
) -> GroupFinding:
    return GroupFinding(
        *names,
        people=watch.people,
        approved=watch.approved,
        reference_people=reference.people,
        reference_approved=reference.approved,
        interval=compute_interval(watch.sums, interval_alpha),
        evidence=watch.evidence.value,
        peak=watch.evidence.peak,
        threshold=threshold,
        crossed=None if watch.crossed is None else datetime.fromtimestamp(watch.crossed, UTC),
    )


def list_gaps(state: WatchState, entry: int) -> list[tuple[str, WriterCursor]]:
    """List the writers of which rows are missing that may be decisions by this entry or a newer one."""
    return [
        (writer, cursor)
        for writer, cursor in sorted(state.cursors.items())
        if any(gap.entry >= entry for gap in cursor.gaps)
    ]


def find_obstacles(state: WatchState, entry: int, now: datetime, stale_hours: float) -> list[str]:
    """Find why nothing can be concluded about an entry: rows are missing, or nobody was decided for too long."""
    found = [
        f"{cursor.missing:,} decisions of the writer {writer[:12]} are missing, the first one number "
        f"{cursor.gaps[0].first:,}: they are in a spool out of reach, or were deleted (service verify-log)"
        for writer, cursor in list_gaps(state, entry)
    ]
    if state.last is None:
        nothing = "every decision of the log is dated in the future" if state.streams else "the log has no decision yet"
        return [*found, nothing]
    hours = (now.timestamp() - state.last) / 3600
    if hours > stale_hours:
        last = datetime.fromtimestamp(state.last, UTC)
        found.append(f"no decision since {last:%Y-%m-%d %H:%M} UTC, more than {stale_hours:g} hours")
    unjudged = [
        f"{number:,} decisions by entry {entry} are not judged: {reason}"
        for (of, _), streams in state.streams.items()
        for reason, number in streams.unjudged.items()
        if of == entry and reason not in ("repeat", "erased")
    ]
    return found + unjudged
