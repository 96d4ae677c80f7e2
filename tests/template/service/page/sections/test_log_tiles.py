"""Where decisions go, from a log whose state is known."""

from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from credit.decision_log.counting.summary import DecisionSummary
from service.page.ratio_limit import ShownLimit
from service.page.section import SectionSource
from service.page.sections.log import describe

LOG = SimpleNamespace(
    refusal=None,
    problem="the database does not answer",
    spool_problem=None,
    database=SimpleNamespace(engine=SimpleNamespace(dialect=SimpleNamespace(name="sqlite"))),
)
"""It cannot be asked how many decisions are in the spool."""


@pytest.mark.parametrize(
    ("recent", "spooled"), [(DecisionSummary(Counter(), False, spooled=1_200), "1,200"), (None, "unknown")]
)
def test_the_spool_is_not_counted_for_every_look(recent: DecisionSummary | None, spooled: str) -> None:
    parts: Any = SimpleNamespace(log=LOG, checkpoints=SimpleNamespace(problem=None))
    now = datetime(2026, 11, 24, tzinfo=UTC)
    found = describe(SectionSource(parts, now, None, recent, ShownLimit(None, "no limit"), cast(Any, None))).values
    assert (found.target, found.spooled, found.waiting) == ("the spool", spooled, "unknown")
