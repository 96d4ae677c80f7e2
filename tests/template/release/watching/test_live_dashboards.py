"""Dashboards and alerts on a real Prometheus, which scrapes a real service and a real watch."""

import json
import math
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from filled_logs import Books, Town, change_params, harm, mix_people
from running_watch import run_watch, send

from credit.decision_log.outcomes import record_outcome
from credit.registry.ledger import LedgerEntry
from release.watching.drift import find_period
from release.watching.outcomes import REPORTED_WITHIN
from testing.parts.prometheus import MONITORING, Prometheus, run_prometheus
from testing.parts.servers import find_free_ports, wait_until
from testing.services import Service
from watch.outcomes.vintages import list_complete_ages, list_months

DASHBOARDS = {path.stem: json.loads(path.read_text()) for path in sorted(MONITORING.glob("grafana/dashboards/*.json"))}
MOST_SERIES = 180
"""Series of one version with one protected attribute of two groups, of service and watch together: see operating.md."""


class Seen(NamedTuple):
    """What Prometheus saw while a group is treated unequally. `series`: how many, before and after."""

    prometheus: Prometheus
    series: tuple[float, float]


def fill_in(expression: str) -> str:
    """Fill in the variables that Grafana fills in."""
    for name, value in {"environment": "prod", "__rate_interval": "5m", "__range": "5m"}.items():
        expression = expression.replace(f"${name}", value)
    assert "$" not in expression
    return expression


def list_targets(dashboard: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield panel["title"], fill_in(target["expr"]), target["legendFormat"]


@pytest.fixture
def past(books: Books, live: LedgerEntry) -> None:
    """Decisions of the last whole week, and of two months whose outcomes are 90 days old."""
    now = datetime.now(UTC)
    approved = books.town.find(live, "approve", live, "approve")
    read = now - REPORTED_WITHIN
    months = [one for one in list_months(now.date(), 9) if list_complete_ages(one, (90,), read)][-2:]
    for begin in (*(datetime.combine(month, time(12), UTC) for month in months), find_period(now, 7)[0]):
        books.now = begin
        for row in books.write(live, [(approved[i % len(approved)], "white") for i in range(120)]):
            at = row["decided_at"] + timedelta(days=80)
            if at < now:
                record_outcome(books.log.outcomes, row["id"], True, at, "paid", "tester", at)


@pytest.fixture
def seen(
    past: None,
    service: Service,
    town: Town,
    live: LedgerEntry,
    before: LedgerEntry,
    command: Callable[..., Any],
    tmp_path: Path,
) -> Iterator[Seen]:
    """A service decides while a watch that may not act looks on; half of the people come before the first scrape."""
    change_params(tmp_path, poll_seconds=0.1, acts=False)
    approved, lost = town.find(live, "approve", before, "approve"), town.find(live, "deny", before, "approve")
    with run_watch(tmp_path, service.url) as watching:
        people = send(service, town, mix_people(400, approved, approved))
        assert service.decide(b"{").status_code == 422
        (one,) = town.ask([(0, "white")])
        for wrong in ({"home": "boat"}, {"nothing": 1}):
            assert service.decide(one | {"application": one["application"] | wrong}).status_code == 422
        decided = service.decide(one).json()["id"]
        assert service.decide({"decision_id": decided, "outcome": True}, "/v1/outcomes").ok
        watching.wait_for(people)
        targets = {"decisions": service.url.removeprefix("http://"), "watch": f"127.0.0.1:{watching.port}"}
        with run_prometheus(tmp_path, targets) as prometheus:
            wait_until(lambda: len(prometheus.query("up == 1")) == 2, "both targets")
            first = count_series(prometheus)
            assert service.decide(one | {"application": one["application"] | {"home": "boat"}}).status_code == 422
            people += send(service, town, mix_people(800, approved, lost, seed=3))
            watching.wait_for(people)
            wait_for_growth(prometheus)
            yield Seen(prometheus, (first, count_series(prometheus)))


def count_series(prometheus: Prometheus) -> float:
    return prometheus.query('count({__name__=~"(service|watch)_.*"})')[0][1]


def wait_for_growth(prometheus: Prometheus) -> None:
    """Wait until the last person is in the figures of both, and in a rate of each window that was recorded since."""
    for expression in (
        "sum(increase(service_decision_seconds_count[5m])) > 790",
        "watch_alarm == 1",
        'watch_refused_share{field="home"} > 0',
        "increase(watch_decisions_total[5m]) > 0",
        'sum(increase(service_decisions_total{decision="deny"}[5m])) > 0',
        'service:burn_rate:1h{budget="model"} >= 0',
        'ALERTS{alertname="GroupTreatedUnequally"}',
    ):
        wait_until(lambda asked=expression: bool(prometheus.query(asked)), expression)  # type: ignore[misc]


def test_every_panel_shows_something_and_every_rule_is_evaluated(seen: Seen) -> None:
    """And in a legend there is no name of a label that the series lacks; an alert is there; series are bounded."""
    prometheus = seen.prometheus
    for name, dashboard in DASHBOARDS.items():
        for title, expression, legend in list_targets(dashboard):
            found = prometheus.query(expression)
            assert found, f"{name}: {title}: {expression}"
            assert all(math.isfinite(value) for _, value in found), f"{name}: {title}: {found}"
            shown = [re.sub(r"{{(\w+)}}", lambda label, of=labels: of[label[1]], legend) for labels, _ in found]  # type: ignore[misc]
            assert len(set(shown)) == len(shown), f"{name}: {title}: two lines of the name {shown}"
    (asked,) = (e for t, e, _ in list_targets(DASHBOARDS["on-call"]) if t == "Decisions a minute")
    assert {labels["decision"] for labels, value in prometheus.query(asked) if value > 0} == {"approve", "deny"}
    (asked,) = (e for t, e, _ in list_targets(DASHBOARDS["drift"]) if t == "Refused for a field")
    assert {"home", "unknown field"} <= {labels["field"] for labels, _ in prometheus.query(asked)}
    rules = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert [rule["name"] for rule in rules if rule["health"] != "ok"] == []
    states = {
        rule["name"]: rule["state"] for rule in rules if rule["type"] == "alerting" and rule["state"] != "inactive"
    }
    assert {"GroupTreatedUnequally", "EvidenceGrows"} <= set(states)
    assert not set(states) & {"BudgetBurnsFast", "BudgetBurns", "ServiceDown", "NothingIsDecided", "WatchDown"}
    assert max(seen.series) <= MOST_SERIES
    assert seen.series[1] - seen.series[0] <= 12, "another 800 people add what a group or a decision lacked"


def test_a_version_that_is_taken_back_at_the_first_look_pages_and_goes_on_after_a_restart(
    books: Books, live: LedgerEntry, command: Callable[..., Any], tmp_path: Path
) -> None:
    """Nobody scraped the watch before: its counter has no increase, and the alarm is over with the next look."""
    change_params(tmp_path, poll_seconds=0.1, stale_hours=1e9)
    books.now = datetime.now(UTC) - timedelta(hours=10)
    harm(books, live)
    (nobody,) = find_free_ports(1)
    firing = 'ALERTS{alertname="VersionTakenBack", environment="prod", alertstate="firing"}'
    panel = next(e for t, e, _ in list_targets(DASHBOARDS["fairness"]) if t == "A version was taken back")
    with run_watch(tmp_path, "") as watching:
        entry = 'watch_entry{environment="prod"}'
        wait_until(lambda: watching.read_metrics().get(entry) == 3, "the entry after", watching.process)
        targets = {"decisions": f"127.0.0.1:{nobody}", "watch": f"127.0.0.1:{watching.port}"}
        with run_prometheus(tmp_path, targets) as prometheus:
            wait_until(lambda: bool(prometheus.query(firing)), "the page", watching.process)
            watching.process.kill()
            watching.process.wait()
            watching.start()
            actions = 'watch_actions_total{environment="prod"} == 0 and watch_entry{environment="prod"} == 3'
            wait_until(lambda: bool(prometheus.query(actions)), "the watch that is started again", watching.process)
            assert prometheus.query(firing)
            assert [value for _, value in prometheus.query(panel)] == [1]
            assert prometheus.query('ALERTS{alertname="GroupTreatedUnequally"}') == []


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_says_what_each_panel_means_and_names_the_provisioned_source(name: str) -> None:
    dashboard = DASHBOARDS[name]
    source = (MONITORING / "grafana/provisioning/datasources/prometheus.yml").read_text()
    for panel in dashboard["panels"]:
        assert len(panel["description"].split()) >= 10, panel["title"]
        for one in (panel, *panel["targets"]):
            assert f"uid: {one['datasource']['uid']} " in source
    places = [(x, y) for panel in dashboard["panels"] for x, y in list_cells(panel["gridPos"])]
    assert len(set(places)) == len(places), "two panels on one place"
    assert max(x for x, _ in places) < 24
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)


def list_cells(place: dict[str, int]) -> list[tuple[int, int]]:
    return [(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])]
