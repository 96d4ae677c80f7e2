"""The alerts about the watch fire when they must, about metrics that it has, and link a page that is there."""

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from filled_logs import PARAMS
from prometheus_client import CollectorRegistry, generate_latest

from release.watching.drift import DriftReport
from release.watching.exposed import Exposed
from release.watching.session import Look, Settings
from testing.lenders.frozen import ROOT
from testing.parts.needs import require
from watch.drift import DriftFinding
from watch.params import WatchParams
from watch.state import WatchState
from watch.streams import Judging

ALERTS = ROOT / "monitoring/watch_alerts.yml"
NOW = datetime(2026, 3, 2, tzinfo=UTC)
RULES = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def test_every_alert_fires_when_it_must_and_none_on_a_quiet_day(tmp_path: Path) -> None:
    require("promtool")
    shutil.copy(ALERTS, tmp_path)
    tests = shutil.copy(Path(__file__).with_name("alerts.test.yml"), tmp_path)
    done = subprocess.run(["promtool", "test", "rules", tests], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    tested = Path(tests).read_text()
    assert all(f'alertname="{rule["alert"]}"' in tested for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alert_is_about_a_metric_that_the_watch_has_and_links_what_to_do(rule: dict[str, str]) -> None:
    params = WatchParams.model_validate(PARAMS)
    exposed = Exposed(Settings("prod", params, Judging(0.8, 0.01, 180), 0.05))
    week = DriftReport(NOW, NOW, 200, 0, [DriftFinding("score", 200, 90.0, 20.0, 0.3, True)])
    exposed.note(Look(None, 0, [], ["the log has no decision yet"], None, drift=week), WatchState(last=1.0))
    registry = CollectorRegistry()
    registry.register(exposed)
    named = set(re.findall(r"watch_\w+", rule["expr"]))
    assert named <= set(re.findall(r"^watch_\w+", generate_latest(registry).decode(), re.MULTILINE))
    page, _, heading = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^## (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert heading in {one.lower().replace(" ", "-") for one in headings}


def test_health_is_bad_before_the_first_look_and_when_none_was_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    params = WatchParams.model_validate(PARAMS)
    exposed = Exposed(Settings("prod", params, Judging(0.8, 0.01, 180), 0.05))
    assert exposed.describe_health() == (503, {"status": "starting"})
    exposed.note(Look(None, 0, [], [], None), WatchState())
    code, content = exposed.describe_health()
    assert (code, content["status"], content["watch"]) == (200, "ok", "quiet")
    later = datetime.now(UTC).timestamp() + 200
    monkeypatch.setattr("time.time", lambda: later)
    code, content = exposed.describe_health()
    assert (code, content["status"]) == (503, "late")
