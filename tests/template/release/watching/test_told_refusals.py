"""A field for which a day refuses more than the limit is told when the day is over, with a known rate of alarms."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filled_logs import PARAMS

from credit.common.errors import CreditError, Problem
from release.watching import refusals
from release.watching.refusals import ASKED, RefusalWatch, ServiceCounts, parse_counts, read_counts
from release.watching.report import format_told
from release.watching.shown.told_metrics import collect_told
from release.watching.telling import Told
from watch.outcomes.drift import MOST_REFUSED_FIELDS, judge_refusals
from watch.params import WatchParams
from watch.state import open_state

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

BEGAN = "when the service began"
Counts = dict[str, dict[str, float]]


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counts:
    """The counts of two services since they started; one that has none does not answer."""
    monkeypatch.setenv("RELEASE_SERVICE_URL", "http://127.0.0.1:1,http://127.0.0.1:2")
    return {"http://127.0.0.1:1": {ASKED: 5_000, "home": 4_000}, "http://127.0.0.1:2": {ASKED: 100}}


@pytest.fixture
def begin(counts: Counts) -> Callable[..., RefusalWatch]:
    """Begin a watch of these services, with or without the file of its state."""

    def read(address: str, _: str) -> ServiceCounts:
        if not counts[address]:
            raise CreditError(Problem(address, "no answer"))
        known = dict(counts[address])
        return ServiceCounts(known.pop(BEGAN, 1.0), known)

    return lambda file=None: RefusalWatch("prod", WatchParams.model_validate(PARAMS), file, read)


@pytest.fixture
def watch(begin: Callable[..., RefusalWatch]) -> RefusalWatch:
    return begin()


def look(watch: RefusalWatch, now: datetime) -> Any:
    untold: list[str] = []
    found = watch.look(now, untold)
    assert found is not None
    return found, untold


def test_a_day_beyond_the_limit_is_told_once_it_is_over_and_what_came_before_the_watch_is_not_its_own(
    watch: RefusalWatch, counts: Counts
) -> None:
    one, other = counts
    look(watch, NOON)
    counts[one] |= {ASKED: 5_600, "home": 4_030}
    counts[other] |= {ASKED: 500, "income": 15.0}
    found, _ = look(watch, NOON + HOUR)
    assert [(r.field, r.refused, r.asked) for r in found.running] == [("home", 30, 1_000), ("income", 15, 1_000)]
    assert (found.day, found.told) == (None, []), "the day is not over"
    counts[other] = {ASKED: 50, "home": 20.0}  # it was started anew
    found, _ = look(watch, NOON + 2 * HOUR)
    found, _ = look(watch, NOON + 12 * HOUR)
    assert found.day == NOON.date()
    assert [(r.field, r.refused, r.asked, r.is_told) for r in found.judged] == [
        ("home", 50, 1_050, True),
        ("income", 15, 1_050, False),
    ]
    assert found.running == []
    assert format_told(Told(refusals=found)) == [
        "refused: home: 50 of 1,050 requests of 2026-03-01 were refused for it, 4.8%"
    ]
    samples = {
        (s.name, s.labels["field"]): s.value
        for family in collect_told(Told(refusals=found), "prod")
        for s in family.samples
        if s.name.startswith("watch_refused")
    }
    assert samples == {("watch_refused", "home"): 1, ("watch_refused", "income"): 0}
    found, _ = look(watch, NOON + 36 * HOUR)
    assert (found.day, found.told) == ((NOON + timedelta(days=1)).date(), []), "it is over"


def test_a_watch_that_is_started_anew_goes_on_and_forgets_no_finding(
    begin: Callable[..., RefusalWatch], counts: Counts, tmp_path: Path
) -> None:
    one, _ = counts
    with open_state(tmp_path, "prod") as file:
        look(begin(file), NOON)
        counts[one] |= {ASKED: 5_500, "home": 4_030}
        look(begin(file), NOON + HOUR)
    counts[one] |= {ASKED: 6_000, "home": 4_050}  # while no watch ran
    with open_state(tmp_path, "prod") as file:
        found, _ = look(begin(file), NOON + 2 * HOUR)
        assert [(r.field, r.refused, r.asked) for r in found.running] == [("home", 50, 1_000)]
        look(begin(file), NOON + 12 * HOUR)
        found, _ = look(begin(file), NOON + 13 * HOUR)
    assert found.day == NOON.date()
    assert [(r.field, r.refused, r.is_told) for r in found.told] == [("home", 50, True)]


def test_a_service_that_began_anew_while_no_watch_ran_makes_no_alarm(
    begin: Callable[..., RefusalWatch], counts: Counts, tmp_path: Path
) -> None:
    """Its counts may be beyond those that were noted, each by another share."""
    one, _ = counts
    counts[one] = {ASKED: 9_000, "home": 90}
    with open_state(tmp_path, "prod") as file:
        look(begin(file), NOON)
    counts[one] = {ASKED: 9_500, "home": 142, BEGAN: 2}
    with open_state(tmp_path, "prod") as file:
        found, _ = look(begin(file), NOON + HOUR)
        assert found.running == []
        counts[one] = {ASKED: 9_600, "home": 143, BEGAN: 2}
        found, _ = look(begin(file), NOON + 2 * HOUR)
    assert [(r.field, r.refused, r.asked) for r in found.running] == [("home", 1, 100)]


def test_after_days_without_a_watch_no_old_day_is_told(
    begin: Callable[..., RefusalWatch], counts: Counts, tmp_path: Path
) -> None:
    one, _ = counts
    with open_state(tmp_path, "prod") as file:
        look(begin(file), NOON)
        counts[one] |= {ASKED: 6_000, "home": 4_200}
        assert look(begin(file), NOON + HOUR)[0].running[0].is_told
        counts[one] |= {ASKED: 90_000, "home": 9_000}
        found, _ = look(begin(file), NOON + timedelta(days=2))
        assert (found.day, found.judged, found.running) == (None, [], [])


@pytest.mark.parametrize(
    ("content", "told"),
    [("{", "could not be read"), ('[null, null, {}, {}, [["home"]]]', "counted anew"), ("1", "counted anew")],
)
def test_a_note_that_cannot_be_read_begins_anew_and_says_so(
    begin: Callable[..., RefusalWatch],
    counts: Counts,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    content: str,
    told: str,
) -> None:
    with open_state(tmp_path, "prod") as file:
        file.note("refusals", 1)
        file._connection.execute("UPDATE notes SET content = ?", (content,))
        found, _ = look(begin(file), NOON)
    assert found.running == []
    assert told in caplog.text


def test_a_service_that_does_not_answer_is_said_and_hides_no_other(watch: RefusalWatch, counts: Counts) -> None:
    one, other = counts
    look(watch, NOON)
    counts[one], counts[other] = {}, {ASKED: 200, "home": 10.0}
    found, untold = look(watch, NOON + HOUR)
    assert [(r.field, r.refused, r.asked) for r in found.running] == [("home", 10, 100)]
    assert untold == [f"{one}: no answer"]
    assert look(watch, NOON + HOUR)[1] == [], "it is not asked at every look"


def test_where_no_service_is_named_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELEASE_SERVICE_URL", raising=False)
    watch, untold = RefusalWatch("prod", WatchParams.model_validate(PARAMS)), list[str]()
    assert (watch.look(NOON, untold), untold) == (None, [])
    monkeypatch.setenv("RELEASE_SERVICE_URL", "http//no.address")
    assert watch.look(NOON, untold) is None
    assert "RELEASE_SERVICE_URL" in untold[0], "it hides nothing else, and is said"


def test_counts_are_read_from_the_metrics_of_a_service_of_the_same_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = b"""# TYPE service_decisions_total counter
service_decisions_total{decision="approve",version="v1.0.0"} 7.0
service_decisions_total{decision="deny",version="v1.0.0"} 2.0
# TYPE service_refused_requests_total counter
service_refused_requests_total{status="422"} 4.0
service_refused_requests_total{status="503"} 9.0
# TYPE service_refused_fields_total counter
service_refused_fields_total{field="home"} 3.0
"""
    began = b"# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds 1.5e9\n"
    assert parse_counts((text + began).decode()) == ServiceCounts(1.5e9, {ASKED: 13, "home": 3})
    monkeypatch.setattr(refusals, "fetch_json", lambda *_: {"environment": "staging"})
    monkeypatch.setattr(refusals, "fetch_bytes", lambda *_: text)
    assert read_counts("http://127.0.0.1:1", "staging") == ServiceCounts(None, {ASKED: 13, "home": 3})
    with pytest.raises(CreditError, match="a service of staging, expected one of prod"):
        read_counts("http://127.0.0.1:1", "prod")
    monkeypatch.setattr(refusals, "fetch_bytes", lambda *_: b"<html>")
    with pytest.raises(CreditError, match="what it refuses is not known"):
        read_counts("http://127.0.0.1:1", "staging")


@pytest.mark.parametrize(("asked", "share"), [(300, 0.02), (20_000, 0.02), (300, 0.002)])
def test_a_day_within_the_limit_is_told_no_more_often_than_alpha(asked: int, share: float) -> None:
    """All fields at the limit: the worst lawful case. 1% of 2,000 days is 20; 35 or more have a chance of 0.1%."""
    days = np.random.default_rng(11).binomial(asked, share, (2_000, MOST_REFUSED_FIELDS))
    judged = judge_refusals({str(number): int(number) for number in np.unique(days)}, asked, 0.02, 0.01)
    told = [one.refused for one in judged if one.is_told]
    assert np.isin(days, told).any(axis=1).sum() < 35
    assert max(one.refused for one in judged if not one.is_told) < asked / 5, "and some number is told of"


def test_a_field_that_half_of_the_clients_get_wrong_is_told_of_few_requests() -> None:
    assert [one.is_told for one in judge_refusals({"home": 6, "income": 1}, 12, 0.02, 0.01)] == [True, False]
