"""The page says who decides beside, since when, what became of the applications, and how many are still needed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import insert

from credit.decision_log.database import Database
from credit.decision_log.tables import SHADOWS_TABLE
from credit.registry.challenges import Challenge, SplitPlan
from service.page import routes
from service.page.routes import PageState
from service.page.sections.challenger import describe_challenge, describe_split
from testing.decisions import make_record, make_shadow

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
COUNTS = {"scored": 40, "failed": 1, "dropped": 2, "unrecorded": 3}


def make_challenge(needed: int | None) -> Challenge:
    return Challenge(
        environment="prod",
        number=3,
        kind="shadow",
        version="v9.0.0",
        digest="9" * 64,
        entry=1,
        reason="a test",
        actor="tester",
        time=NOW - timedelta(hours=3),
        needed=needed,
    )


@pytest.mark.parametrize(
    ("needed", "shadowed", "said"),
    [
        (None, None, "How many applications it takes was not known when it began."),
        (1200, None, "It takes about 1,200 applications; how many are in the log is not known."),
        (1200, 200, "It takes about 1,200 applications; 1,000 are still needed."),
        (30_000, 19_999, "It takes about 30,000 applications; 10,001 are still needed."),
        (30_000, 20_000, "at least 20,000 are in the log: release compare --live counts them all."),
        (20_000, 20_000, "and the log has them: release compare --live tells what they say."),
        (1200, 1200, "and the log has them: release compare --live tells what they say."),
    ],
)
def test_a_challenge_says_how_many_applications_it_still_needs(
    needed: int | None, shadowed: int | None, said: str
) -> None:
    shown = describe_challenge(make_challenge(needed), True, COUNTS, shadowed, NOW)
    assert shown.headline == "v9.0.0 decides beside, for nobody"
    assert shown.takes.endswith(said)
    assert (shown.counts, shown.since and shown.since.ago) == (COUNTS, "3 hours ago")


def test_no_more_applications_are_counted_than_a_page_has_time_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(f"sqlite:///{tmp_path}/log.db")
    database.prepare()
    rows = [make_shadow(make_record()) for _ in range(5)]
    with database.begin_write() as connection:
        connection.execute(insert(SHADOWS_TABLE), rows)
    challenge = make_challenge(1200).model_copy(
        update={"number": rows[0]["challenge"], "environment": rows[0]["environment"]}
    )
    parts = SimpleNamespace(shadows=SimpleNamespace(challenge=challenge))
    state = SimpleNamespace(parts=parts, _log=SimpleNamespace(database=database))
    assert PageState._count_shadowed(cast(PageState, state)) == 5
    monkeypatch.setattr(routes, "MOST_COUNTED", 3)
    assert PageState._count_shadowed(cast(PageState, state)) == 3
    database.close()


def test_one_that_does_not_decide_or_cannot_be_read_says_so() -> None:
    shown = describe_challenge(make_challenge(None), False, COUNTS, None, NOW)
    assert shown.headline == "v9.0.0 should decide beside, and does not"
    shown = describe_challenge(None, False, COUNTS, None, NOW)
    assert shown.headline == "Nobody decides beside: the record of the challenge is not valid"
    assert shown.since is None


@pytest.mark.parametrize(
    ("rest", "headline"),
    [
        (None, "v9.0.0 decides about 20.0% of the applicants"),
        ("its time is over", "v9.0.0 was to decide about 20.0%, and decides about nobody: its time is over; begun"),
    ],
)
def test_a_split_says_its_share_its_end_and_whom_it_was_dealt(rest: str | None, headline: str) -> None:
    until = datetime(2026, 4, 1, tzinfo=UTC)
    plan = SplitPlan(share=0.2, until=until, difference=0.02, alpha=0.05, limit=0.8, breach_alpha=0.01)
    split = make_challenge(1200).model_copy(update={"kind": "split", "plan": plan})
    shown = describe_split(split, plan, rest, {"dealt to the challenger": 3}, NOW)
    assert (shown.headline, shown.since and shown.since.ago) == (headline, "3 hours ago")
    assert shown.takes.startswith("It is over on 1 April 2026, 00:00 UTC. It takes about 1,200 applications")
    assert "was not known" in describe_split(make_challenge(None), plan, None, {}, NOW).takes
