"""Keep the log in order beside a service that writes decisions, as time goes by.

Make the months ahead and tell of decisions that are in none; forget the references of applicants who were erased."""

import logging
import threading
from datetime import UTC, datetime

from credit.common.errors import CreditError
from credit.decision_log.log import DecisionLog
from credit.decision_log.months.partitions import MonthReport, ensure_months
from credit.decision_log.people.late_erasure import forget_applicants

_LOG = logging.getLogger(__name__)
_RETRY_SECONDS = 30.0
"""Until it looks again, where the last look failed, or the database was out of reach."""

WEAKNESS = "months"
"""The key of what is told among the weaknesses of the database."""


class MonthThread:
    """A thread that looks every so many seconds whether the months that come are there, and what is to forget."""

    def __init__(self, log: DecisionLog, seconds: float) -> None:
        self._log, self._seconds = log, seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="decision-log-months", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End, after the look that is under way."""
        self._ended.set()
        self._thread.join(self._seconds)

    def _run(self) -> None:
        while True:
            has_looked = self._log.problem is None and self._look() and self._forget()
            if self._ended.wait(self._seconds if has_looked else min(_RETRY_SECONDS, self._seconds)):
                return

    def _look(self) -> bool:
        """Look, and tell of stray decisions; False when nothing could be known."""
        failed = "the months that come could not be made in the database of the decision log"
        try:
            report = ensure_months(self._log.database, datetime.now(UTC))
            if report.moved:
                _LOG.info("%s decisions were moved from decisions_default into their months", report.moved)
            said = describe_stray(report)
        except CreditError as error:
            said = failed
            _LOG.warning("%s: %s", said, error)
        except Exception:  # noqa: BLE001 - it is tried again; decisions are recorded all the same
            said = failed
            _LOG.exception(said)
        tell(self._log.database.weaknesses, said)
        return said != failed

    def _forget(self) -> bool:
        """Forget whom erasures named long ago; False when that has to be tried again."""
        try:
            forget_applicants(self._log.database, self._log.events, datetime.now(UTC))
        except CreditError as error:
            _LOG.warning("references of erased applicants could not be forgotten: %s", error)
            return False
        except Exception:  # noqa: BLE001 - as with the months
            _LOG.exception("references of erased applicants could not be forgotten")
            return False
        return True


def describe_stray(report: MonthReport) -> str | None:
    """Describe decisions that are in no month; None when there are none."""
    if not report.stray:
        return None
    return f"{report.stray:,} decisions are of no month that there is, so that nothing removes them by age"


def tell(weaknesses: dict[str, str], said: str | None) -> None:
    """Tell of something, once in the log, or that it is over."""
    if said is None:
        weaknesses.pop(WEAKNESS, None)
        return
    if weaknesses.get(WEAKNESS) != said:
        _LOG.warning("the decision log in PostgreSQL: %s", said)
    weaknesses[WEAKNESS] = said
