"""The watch over HTTP, by default on this machine only: `/metrics` for Prometheus, `/health` for whoever runs it,
`/picture` for the page of the service.

The number of series is bounded: for each group of the live version, in three streams, six of them.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from credit.decision_log.following.process import listen
from credit.reports.live.watch_picture import WatchPicture
from release.watching.session import Look
from release.watching.settings import Settings
from release.watching.shown.told_metrics import collect_failures, collect_told
from watch.state import WatchState

_LATE_LOOKS, _LEAST_SECONDS = 10, 60.0
"""The watch is well when it looked within so many polls, and within a minute at least."""

_CLIENT_SECONDS = 10.0
"""For so long a client may be silent; each has a thread."""


class Exposed(Collector):
    """What the last look found, as metrics and as health."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._last: tuple[Look, float, float | None] | None = None
        self.picture: WatchPicture | None = None
        self._looks = self._rows = self._actions = 0
        self._turn = threading.Lock()

    def note(self, look: Look, state: WatchState, picture: WatchPicture | None = None) -> None:
        """Note a look that has just ended."""
        with self._turn:
            self.picture = picture
            self._last = (look, time.time(), state.last)
            self._looks += 1
            self._rows += look.rows
            self._actions += look.took_back

    def describe_health(self) -> tuple[int, dict[str, Any]]:
        """Describe whether the watch looks: the HTTP status, and the last look in a few words."""
        with self._turn:
            last, picture = self._last, self.picture
        if last is None:
            return 503, {"status": "starting"}
        look, moment, _ = last
        age = time.time() - moment
        is_well = age <= max(_LATE_LOOKS * self.settings.params.poll_seconds, _LEAST_SECONDS)
        content: dict[str, Any] = {
            "status": "ok" if is_well else "late",
            "watch": look.word,
            "looked_seconds_ago": round(age, 1),
        }
        content |= {"entry": look.entry.number if look.entry else None, "inconclusive": look.obstacles}
        content["told"] = list(picture.news) if picture else []
        return 200 if is_well else 503, content

    def collect(self) -> Iterator[Metric]:
        """Collect the metrics; those of groups for the live entry only."""
        with self._turn:
            last, counts = self._last, (self._looks, self._rows, self._actions)
        words = {
            "watch_looks": "Looks at the log since the watch was started",
            "watch_decisions": "Decisions counted since the watch was started",
            "watch_actions": "Versions taken back since the watch was started",
        }
        for (name, text), count in zip(words.items(), counts, strict=True):
            counter = CounterMetricFamily(name, text, labels=["environment"])
            counter.add_metric([self.settings.environment], count)
            yield counter
        if last is not None:
            yield from self._collect_look(*last)

    def _collect_look(self, look: Look, moment: float, last: float | None) -> Iterator[Metric]:
        groups = look.list_shown()
        environment, limit = self.settings.environment, self.settings.judging.limit
        yield _gauge("watch_last_look_timestamp_seconds", "When the watch looked", environment, moment)
        if last is not None:
            yield _gauge("watch_last_decision_timestamp_seconds", "When the newest decision was", environment, last)
        yield _gauge("watch_entry", "The live ledger entry", environment, look.entry.number if look.entry else 0)
        yield _gauge("watch_alarm", "1 when a group is treated unequally beyond doubt", environment, bool(look.alarms))
        taken = look.last_action.timestamp() if look.last_action else 0
        words = "When a watch last took a version back, by the ledger; 0: never"
        yield _gauge("watch_last_action_timestamp_seconds", words, environment, taken)
        yield _gauge("watch_inconclusive", "1 when nothing can be concluded", environment, bool(look.obstacles))
        yield _gauge("watch_acts", "1 when params let it take versions back", environment, self.settings.params.acts)
        yield _gauge("watch_ratio_limit", "The limit of the ratio", environment, limit)
        yield from collect_failures(look.failures, environment)
        figures: dict[str, tuple[str, list[float | None]]] = {
            "watch_people": ("People of the group", [one.people for one in groups]),
            "watch_ratio": ("Approvals by those of the reference group", [one.interval.ratio for one in groups]),
            "watch_ratio_low": ("The lower end of its interval", [one.interval.low for one in groups]),
            "watch_ratio_high": ("The upper end of its interval", [one.interval.high for one in groups]),
            "watch_evidence": ("Evidence that the ratio is below the limit", [one.evidence for one in groups]),
            "watch_evidence_limit": ("The evidence that is an alarm", [one.threshold for one in groups]),
        }
        for name, (text, values) in figures.items():
            family = GaugeMetricFamily(name, text, labels=["environment", "stream", "attribute", "group"])
            for one, value in zip(groups, values, strict=True):
                if value is not None:
                    family.add_metric([environment, one.stream, one.attribute, one.group], float(value))
            yield family
        yield from collect_told(look.told, environment)


def _gauge(name: str, text: str, environment: str, value: float) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["environment"])
    family.add_metric([environment], float(value))
    return family


@contextmanager
def expose(exposed: Exposed, host: str, port: int) -> Iterator[int]:
    """Serve until the block ends; yields the port. Raises CreditError when it is taken, or the host is not here."""
    registry = CollectorRegistry()
    registry.register(exposed)

    class Handler(BaseHTTPRequestHandler):
        """Answers GET."""

        timeout = _CLIENT_SECONDS

        def do_GET(self) -> None:
            """Answer with the metrics, the health, or that there is nothing."""
            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif self.path == "/health":
                code, content = exposed.describe_health()
                self._answer(code, "application/json", json.dumps(content).encode())
            elif self.path == "/picture" and exposed.picture is not None:
                self._answer(200, "application/json", exposed.picture.model_dump_json().encode())
            else:
                self._answer(404, "text/plain", b"/metrics, /health or /picture\n")

        def _answer(self, code: int, kind: str, content: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Log no request."""

    server = listen(host, port, lambda: ThreadingHTTPServer((host, port), Handler))
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
