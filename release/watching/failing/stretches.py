"""Keep of a log that is gone over at once where a model may have been in alarm, to look at each moment of it later."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from watch.evidence import Floats
from watch.failures import FailureFinding, FailureWatch, iterate_looks, start_failures
from watch.params import WatchParams
from watch.reading import Decisions
from watch.state import EntryKey
from watch.streams import EntryStreams, Judging


class FailingMoment(NamedTuple):
    """A second at whose end a model was in alarm, and how many people were decided until then.

    `by_champion`, `by_rule`: by the champion, and by the rule in its place.
    """

    second: datetime
    finding: FailureFinding
    by_champion: int
    by_rule: int


class _Stretch(NamedTuple):
    """Decisions in a row by an entry, shape (n,), with its model and the people who were decided as of before them."""

    before: FailureWatch
    by_champion: int
    by_rule: int
    moments: Floats
    champion: NDArray[np.bool_]
    failed: NDArray[np.bool_]


class FailingStretches:
    """The decisions within which models may have been in alarm; of a model that works nothing is kept."""

    def __init__(self, params: WatchParams, judging: Judging) -> None:
        self._params, self._judging = params, judging
        self._before: dict[EntryKey, FailureWatch] = {}
        self._kept: dict[EntryKey, list[_Stretch]] = {}

    def note(self, streams: EntryStreams, decided: Decisions) -> None:
        """Keep decisions that were fed to the streams of their entry, where there is enough evidence."""
        key = streams.entry, streams.digest
        before = self._before.get(key) or start_failures(self._judging.failing_budget, self._judging.horizon_days)
        self._before[key] = deepcopy(streams.failures)
        if streams.failures.evidence.peak >= 1 / self._params.failing_alpha:
            own = int(decided.champion.sum())
            until = streams.count("approvals") - own, streams.count("rule") - (len(decided.moments) - own)
            kept = _Stretch(before, *until, decided.moments, decided.champion, decided.failed)
            self._kept.setdefault(key, []).append(kept)

    def iterate_alarms(self, streams: EntryStreams) -> Iterator[FailingMoment]:
        """Iterate over the seconds at whose end a watch would have found the model of an entry in alarm."""
        for stretch in self._kept.get((streams.entry, streams.digest), []):
            yield from self._iterate_alarms(stretch)

    def _iterate_alarms(self, stretch: _Stretch) -> Iterator[FailingMoment]:
        asked, own = np.flatnonzero(stretch.champion | stretch.failed), np.cumsum(stretch.champion)
        params, moments = self._params, stretch.moments[asked]
        for number, watch in iterate_looks(stretch.before, moments, stretch.failed[asked], 1 / params.failing_alpha):
            finding = watch.judge(params.failing_alpha, params.failing_least)
            if finding.is_alarm:
                place = asked[number - 1]
                by_champion = int(own[place])
                by_rule = int(place) + 1 - by_champion
                second = datetime.fromtimestamp(moments[number - 1], UTC)
                yield FailingMoment(second, finding, stretch.by_champion + by_champion, stretch.by_rule + by_rule)
