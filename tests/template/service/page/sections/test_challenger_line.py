"""The page says who decides beside, since when, what became of the applications, and how many are still needed."""

from datetime import UTC, datetime, timedelta

import pytest

from credit.registry.challenges import Challenge
from service.page.sections.challenger import describe_challenge

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


def test_one_that_does_not_decide_or_cannot_be_read_says_so() -> None:
    shown = describe_challenge(make_challenge(None), False, COUNTS, None, NOW)
    assert shown.headline == "v9.0.0 should decide beside, and does not"
    shown = describe_challenge(None, False, COUNTS, None, NOW)
    assert shown.headline == "Nobody decides beside: the record of the challenge is not valid"
    assert shown.since is None
