"""Count what services refuse for a field, day by day, from what they tell Prometheus. It tells, only.

Counts begin with the first look at a service: one that is started anew loses counts that nobody saw, of refused and
answered requests alike, and that makes no alarm. A watch that is started anew goes on from where it was, unless that is
days ago.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from release.deployment.service_client import VERSION_PATH, NoAnswerError, fetch_bytes, fetch_json, read_addresses
from watch.outcomes.drift import RefusedField, judge_refusals
from watch.params import WatchParams
from watch.state import StateFile

_LOG = logging.getLogger(__name__)
_PAUSE = timedelta(seconds=10)
_SECONDS, _MOST_BYTES = 2.0, 4_000_000
_NAME = "refusals"
ASKED = ""
"""The name under which requests are counted, in place of a field's."""


class ServiceCounts(NamedTuple):
    """What a service has counted since it began, in seconds since 1970; None: it does not say when."""

    began: float | None
    counts: Mapping[str, float]


class RefusalReport(NamedTuple):
    """What was refused. `judged`: on the last whole `day`, None before one is over; `running`: today, not judged."""

    day: date | None
    judged: list[RefusedField]
    running: list[RefusedField]

    @property
    def told(self) -> list[RefusedField]:
        """The fields for which more was refused than the limit allows, by more than chance."""
        return [one for one in self.judged if one.is_told]


class RefusalWatch:
    """Adds up what the services of an environment count, and notes it in `file`, if any.

    `read`: the counts of a service since it started.
    """

    def __init__(
        self,
        environment: str,
        params: WatchParams,
        file: StateFile | None = None,
        read: Callable[[str, str], ServiceCounts] | None = None,
    ) -> None:
        self._environment, self._params, self._file, self._read = environment, params, file, read or read_counts
        self._seen: dict[str, ServiceCounts] = {}
        self._today: date | None = None
        self._counts: Counter[str] = Counter()
        self._looked: datetime | None = None
        self._day: date | None = None
        self._judged: list[RefusedField] = []
        self._remember()

    def look(self, now: datetime, untold: list[str]) -> RefusalReport | None:
        """Look at every service, not too often; None where none is named. `untold` gets which do not answer."""
        try:
            addresses = read_addresses()
        except CreditError as error:
            untold += [str(one) for one in error.problems]
            return None
        if not addresses:
            return None
        if self._today != now.date():
            self._end_day(now.date())
        if self._looked is None or now - self._looked >= _PAUSE:
            self._looked = now
            for address in addresses:
                try:
                    self._add(address, self._read(address, self._environment))
                except CreditError as error:
                    untold += [str(one) for one in error.problems]
            self._note()
        return RefusalReport(self._day, self._judged, self._judge())

    def _note(self) -> None:
        if self._file is not None:
            days = [day and day.isoformat() for day in (self._today, self._day)]
            self._file.note(_NAME, [*days, self._seen, self._counts, self._judged])

    def _remember(self) -> None:
        """Go on from what another watch noted. What it missed counts for the day of the next look."""
        if self._file is not None and (noted := self._file.read_note(_NAME)) is not None:
            try:
                today, day = (one and date.fromisoformat(one) for one in noted[:2])
                seen = {address: ServiceCounts(began, dict(counts)) for address, (began, counts) in noted[2].items()}
                counted, judged = Counter(noted[3]), [RefusedField(*one) for one in noted[4]]
            except (TypeError, ValueError, AttributeError, LookupError):
                _LOG.warning("the refusals that another version of the watch noted are counted anew")
                return
            self._today, self._day, self._seen, self._counts, self._judged = today, day, seen, counted, judged

    def _end_day(self, today: date) -> None:
        """Judge the day that is over; where no watch ran for days nothing is known of the last whole one."""
        if self._today is not None and today - self._today <= timedelta(days=1):
            self._day, self._judged = self._today, self._judge()
        else:
            self._day, self._judged = None, []
            self._seen.clear()
        self._today = today
        self._counts.clear()

    def _add(self, address: str, found: ServiceCounts) -> None:
        """Add what has come since the last look; where a count is lower the service began anew, with all of them.

        Where none is, but the service or one of its workers began anew, nobody can tell which are new: none is added.
        """
        before = self._seen.get(address)
        self._seen[address] = found
        if before is None:
            return
        is_anew = any(found.counts.get(name, 0.0) < count for name, count in before.counts.items())
        if not is_anew and found.began != before.began:
            return
        for name, count in found.counts.items():
            self._counts[name] += round(count - (0.0 if is_anew else before.counts.get(name, 0.0)))

    def _judge(self) -> list[RefusedField]:
        refused = {name: number for name, number in self._counts.items() if name != ASKED and number}
        asked = max(self._counts[ASKED], *refused.values(), 0)  # a service counts while it tells
        return judge_refusals(refused, asked, self._params.refused_share, self._params.refused_alpha)


def read_counts(address: str, environment: str) -> ServiceCounts:
    """Read what a service has counted since it started: requests by `ASKED`, refused ones by field.

    A batch that is answered counts by its applications. Raises CreditError without an answer, or where the service
    decides in another environment.
    """
    try:
        there = fetch_json(address + VERSION_PATH, _SECONDS)["environment"]
        content = fetch_bytes(f"{address}/metrics", _SECONDS, _MOST_BYTES)
        if len(content) >= _MOST_BYTES:
            raise NoAnswerError(f"(metrics of more than {_MOST_BYTES:,} bytes)")
        counts = parse_counts(content.decode())
    except (NoAnswerError, ValueError, KeyError, TypeError) as error:
        raise CreditError(Problem(address, f"what it refuses is not known {error}"[:200])) from None
    if there != environment:
        raise CreditError(Problem(f"RELEASE_SERVICE_URL: {address}", f"a service of {there}", f"one of {environment}"))
    return counts


def parse_counts(text: str) -> ServiceCounts:
    """Parse the metrics of a service. Raises ValueError when they are none."""
    from prometheus_client.parser import text_string_to_metric_families

    began, counts = None, Counter[str]()
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            if one.name == "service_refused_fields_total":
                counts[one.labels["field"]] += one.value  # type: ignore[assignment]
            elif one.name == "service_decisions_total" or (
                one.name == "service_refused_requests_total" and one.labels["status"] == "422"
            ):
                counts[ASKED] += one.value  # type: ignore[assignment]
            elif one.name == "process_start_time_seconds":
                began = one.value
    return ServiceCounts(began, dict(counts))
