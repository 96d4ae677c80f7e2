"""Run an export: once, or again and again until the process is told to end, with its lag as a metric."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from credit.common.cli import Answer
from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.decision_log.following.process import end_by_signal, listen
from credit.decision_log.locate import open_read_only
from service.export.cursors import count_unchained
from service.export.following import (
    Cursors,
    ExportRound,
    Target,
    UnfinishedRows,
    compare_days,
    export_news,
    measure_lag,
)
from service.people.opened_log import note_reading
from service.settings import Settings

EXIT_DIFFERS = 3
_LEAST_PAUSE = 0.1


class ExportMetrics:
    """The metrics of an export, five series for each target."""

    def __init__(self, target: str) -> None:
        self.registry, self.cursors, names = CollectorRegistry(), Cursors(), ["target"]
        self.target, self.is_noted = target, False
        self.unfinished = UnfinishedRows()
        rows = Counter("export_rows", "Decisions, outcomes and erasures exported", names, registry=self.registry)

        def make_gauge(name: str, text: str) -> Gauge:
            return Gauge(f"export_{name}", text, names, registry=self.registry).labels(target)

        self.rows = rows.labels(target)
        self.waiting = make_gauge("waiting_decisions", "Decisions that wait")
        self.lag = make_gauge("lag_seconds", "Age of the oldest decision that waits")
        self.missing = make_gauge("missing_decisions", "Decisions that the log lacks")
        self.last = make_gauge("last_success_timestamp_seconds", "When all was exported")

    def note_lag(self, waiting: int, lag: timedelta) -> None:
        """Note how much waits."""
        self.waiting.set(waiting)
        self.lag.set(lag.total_seconds())

    def note_round(self, made: ExportRound) -> None:
        """Note a round that has ended well: nothing waits."""
        self.rows.inc(made.decisions + made.outcomes + made.erased)
        self.missing.set(made.missing)
        self.note_lag(0, timedelta(0))
        self.last.set_to_current_time()


@contextmanager
def open_log(settings: Settings, patient: bool = True) -> Iterator[Database]:
    """Open the database of the log for reading; rows in a spool are exported when they have arrived there."""
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    with open_read_only(url, settings.state, patient) as databases:
        yield databases[-1]


def export_once(settings: Settings, target: Target, name: str) -> Answer:
    """Note the export in the log, export everything that is new, and end."""
    note_reading(settings, "export", {"target": name, "follows": False})
    with open_log(settings) as database:
        made, unchained = export_news(database, target), count_unchained(database)
    content = made._asdict() | {"unchained": unchained}
    return Answer(content, "\n".join(_describe(made, unchained)))


def compare_target(settings: Settings, target: Target) -> Answer:
    """Compare log and target day by day, by counts and digests; exit code 3 when a day differs."""
    with open_log(settings) as database:
        differs = compare_days(database, target)
    shown = [
        {"day": str(day), "log": of_log.number, "target": of_target.number}
        for day, (of_log, of_target) in differs.items()
    ]
    lines = [f"{one['day']}: {one['log']:,} in the log, {one['target']:,} in the target" for one in shown]
    same = "every day has the same decisions in both"
    text = "\n".join([*lines, f"{len(lines)} days differ, in numbers or content" if lines else same])
    return Answer({"differs": shown}, text, EXIT_DIFFERS if lines else 0)


def keep_exporting(settings: Settings, target: Target, name: str, seconds: float, host: str, port: int) -> Answer:
    """Note in the log that this follows it, and export again and again. A part out of reach is told once."""
    exported = ExportMetrics(name)
    with end_by_signal() as ended:
        server, _ = listen(host, port, lambda: start_http_server(port, host, exported.registry))
        try:
            total = _export_until(ended, settings, target, exported, seconds)
        finally:
            server.shutdown()
    return Answer(total._asdict(), "\n".join(_describe(total._replace(missing=0), 0)))


def _export_until(
    ended: threading.Event, settings: Settings, target: Target, exported: ExportMetrics, seconds: float
) -> ExportRound:
    """Export in rounds until the event; returns the sum of those that ended well."""
    total, told = ExportRound(), ""
    while True:
        try:
            made = _export_round(settings, target, exported)
            total, problem = ExportRound(*map(sum, zip(total, made, strict=True))), ""
        except (CreditError, OSError) as error:
            problem = str(error)
        if problem != told:
            print(problem or "everything answers again", file=sys.stderr, flush=True)
            told = problem
        if ended.wait(max(seconds, _LEAST_PAUSE)):
            return total


def _export_round(settings: Settings, target: Target, exported: ExportMetrics) -> ExportRound:
    """Export new rows, when the log has who does. If the target is away, its last known places say how much waits."""
    with open_log(settings, patient=False) as database:  # one that hangs is told
        try:
            exported.cursors = target.read_cursors("decisions")
        finally:
            exported.note_lag(*measure_lag(database, exported.cursors))
        if not exported.is_noted:
            note_reading(settings, "export", {"target": exported.target, "follows": True})
            exported.is_noted = True
        made = export_news(database, target, exported.cursors, exported.unfinished)
        exported.note_round(made)
    return made


def _describe(made: ExportRound, unchained: int) -> list[str]:
    parts = f"{made.decisions:,} decisions, {made.outcomes:,} outcomes and {made.erased:,} erasures exported"
    removed = f"{made.removed:,} decisions removed, of months that the log removed by their age"
    missing = f"{made.missing:,} decisions are not in the database yet, or were deleted"
    left_out = f"{unchained:,} decisions from before the log had numbers are left out"
    return [
        parts,
        *([removed] if made.removed else []),
        *([missing] if made.missing else []),
        *([left_out] if unchained else []),
    ]
