"""What the watch says over HTTP: health, and every metric that an alert is about."""

import re
import socket
from datetime import UTC, datetime

import pytest
import yaml
from filled_logs import PARAMS
from prometheus_client import CollectorRegistry, generate_latest

from release.watching.drift import DriftReport
from release.watching.session import Look
from release.watching.settings import Settings
from release.watching.shown.exposed import Exposed, expose
from release.watching.telling import Told
from testing.lenders.frozen import ROOT
from testing.parts.servers import PATIENCE
from watch.outcomes.drift import DriftFinding
from watch.params import WatchParams
from watch.state import WatchState
from watch.streams import Judging

NOW = datetime(2026, 3, 2, tzinfo=UTC)
RULES = yaml.safe_load((ROOT / "monitoring/prometheus/watch.rules.yml").read_text())["groups"][0]["rules"]


def test_every_metric_that_an_alert_is_about_is_there() -> None:
    """Those of a group need people; a live watch shows them in test_live_dashboards."""
    params = WatchParams.model_validate(PARAMS)
    exposed = Exposed(Settings("prod", params, Judging(0.8, 0.01, 180, 0.05), 0.05))
    week = DriftReport(NOW, NOW, 200, 0, [DriftFinding("score", 200, 90.0, 20.0, 0.3, True)])
    exposed.note(Look(None, 0, [], ["the log has no decision yet"], None, told=Told(week)), WatchState(last=1.0))
    registry = CollectorRegistry()
    registry.register(exposed)
    named = {name for rule in RULES for name in re.findall(r"watch_\w+", rule["expr"])}
    there = set(re.findall(r"^(?:# TYPE )?(watch_\w+)", generate_latest(registry).decode(), re.MULTILINE))
    assert named - there <= {"watch_evidence", "watch_evidence_limit", "watch_entry"}


def test_a_client_that_asks_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("release.watching.shown.exposed._CLIENT_SECONDS", 0.1)
    params = WatchParams.model_validate(PARAMS)
    exposed = Exposed(Settings("prod", params, Judging(0.8, 0.01, 180, 0.05), 0.05))
    with expose(exposed, "127.0.0.1", 0) as port, socket.create_connection(("127.0.0.1", port), PATIENCE) as silent:
        assert silent.recv(1) == b""


def test_health_is_bad_before_the_first_look_and_when_none_was_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    params = WatchParams.model_validate(PARAMS)
    exposed = Exposed(Settings("prod", params, Judging(0.8, 0.01, 180, 0.05), 0.05))
    assert exposed.describe_health() == (503, {"status": "starting"})
    exposed.note(Look(None, 0, [], [], None), WatchState())
    code, content = exposed.describe_health()
    assert (code, content["status"], content["watch"]) == (200, "ok", "quiet")
    later = datetime.now(UTC).timestamp() + 200
    monkeypatch.setattr("time.time", lambda: later)
    code, content = exposed.describe_health()
    assert (code, content["status"]) == (503, "late")
