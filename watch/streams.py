"""The streams of decisions by one ledger entry, and the evidence about each group in them.

`approvals` acts: decided by the champion, and who is referred to an analyst is not approved. Two only tell: in
`referrals` who is referred counts as approved, and `rule` has those whom the rule decided in place of the champion.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from watch.evidence import DecidedRows, Floats, GroupWatch, start_group
from watch.failures import FailureWatch, start_failures
from watch.groups import WatchedGroups
from watch.reading import DecisionKey, Decisions

StreamKind = Literal["approvals", "referrals", "rule"]
STREAM_KINDS: tuple[StreamKind, ...] = get_args(StreamKind)
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Judging:
    """How evidence is judged: the limit of the ratio, the chance of a false alarm, and within how many days.

    `failing_budget`: the share of people for whom the model may fail or be late.
    """

    limit: float
    alpha: float
    horizon_days: int
    failing_budget: float


@dataclass
class EntryStreams:
    """All that is known of the decisions by one ledger entry with one bundle.

    `groups`: by stream, attribute and group; `compared`: those of them that share alpha; `counts`: people by stream and
    decision; `unjudged`: decisions that are in no stream, by reason; `stepped_in`: the newest decisions in a row that
    the rule made in place of the champion; `ahead`: decisions that came before the moment that they are dated,
    and `ahead_at` when the last of them was read, in seconds; `failures`: of the model.
    """

    entry: int
    version: str | None
    digest: str
    compared: int
    groups: dict[str, dict[str, dict[str, GroupWatch]]]
    references: dict[str, str]
    failures: FailureWatch
    counts: dict[str, dict[str, int]] = field(default_factory=lambda: {kind: {} for kind in STREAM_KINDS})
    unjudged: dict[str, int] = field(default_factory=dict)
    stepped_in: int = 0
    ahead: int = 0
    ahead_at: float | None = None

    def feed(self, decided: Decisions, groups: WatchedGroups, judging: Judging) -> None:
        """Feed decisions by this entry in the order of the log."""
        moments, kinds = decided.moments, decided.kinds
        own = np.flatnonzero(decided.champion)
        self.stepped_in = len(moments) - 1 - int(own[-1]) if len(own) else self.stepped_in + len(moments)
        asked = decided.champion | decided.failed
        self.failures.feed(moments[asked], decided.failed[asked])
        codes = _assign_codes(decided, groups)
        approved = {"approvals": kinds == "approve", "referrals": kinds != "deny", "rule": kinds == "approve"}
        for stream, found in approved.items():
            of_stream = np.flatnonzero(~decided.champion if stream == "rule" else decided.champion)
            if len(of_stream):
                self._feed_stream(stream, codes[of_stream], found[of_stream], moments[of_stream], judging)
                counted = Counter(kinds[of_stream].tolist()) + Counter(self.counts[stream])
                self.counts[stream] = dict(counted)

    def _feed_stream(
        self, stream: str, codes: NDArray[np.int64], approved: NDArray[np.bool_], moments: Floats, judging: Judging
    ) -> None:
        days, threshold = (moments // _SECONDS_A_DAY).astype(np.int64), self.compared / judging.alpha
        for place, watched in enumerate(self.groups[stream].values()):
            rows = DecidedRows(codes[:, place], approved, days)
            for code, watch in enumerate(watched.values()):
                watch.feed(rows, code, moments, threshold)

    def skip(self, reason: str, number: int) -> None:
        """Count decisions that are not judged."""
        self.unjudged[reason] = self.unjudged.get(reason, 0) + number

    def count(self, stream: StreamKind) -> int:
        """Count the people of a stream."""
        return sum(self.counts[stream].values())

    def dump(self) -> dict[str, Any]:
        """Dump as JSON takes it."""
        groups = {
            stream: {
                name: {group: watch.dump() for group, watch in watched.items()} for name, watched in attributes.items()
            }
            for stream, attributes in self.groups.items()
        }
        return vars(self) | {"groups": groups, "failures": self.failures.dump()}

    @classmethod
    def load(cls, content: dict[str, Any]) -> Self:
        """Load what `dump` gave."""
        groups = {
            stream: {
                name: {group: GroupWatch.load(watch) for group, watch in watched.items()}
                for name, watched in attributes.items()
            }
            for stream, attributes in content["groups"].items()
        }
        return cls(**(content | {"groups": groups, "failures": FailureWatch.load(content["failures"])}))


def start_streams(key: DecisionKey, groups: WatchedGroups | None, judging: Judging) -> EntryStreams:
    """Start the streams of an entry. `groups` None: nothing of it is judged."""
    known = groups.names if groups else {}
    watched: dict[str, dict[str, dict[str, GroupWatch]]] = {
        stream: {
            name: {group: start_group(judging.limit, judging.horizon_days) for group in names}
            for name, names in known.items()
        }
        for stream in STREAM_KINDS
    }
    references = {name: names[0] for name, names in known.items()}
    failures = start_failures(judging.failing_budget, judging.horizon_days)
    number = groups.number if groups else 0
    return EntryStreams(key.entry, key.version, key.digest, number, watched, references, failures)


def _assign_codes(decided: Decisions, groups: WatchedGroups) -> NDArray[np.int64]:
    """Assign applicants to groups; shape (rows, attributes). Of those that are alike each is parsed once."""
    distinct, places = np.unique(decided.protected_of, return_inverse=True)
    codes = np.array([groups.assign(decided.protected[one]) for one in distinct], dtype=np.int64)
    return codes.reshape(len(distinct), -1)[places]
