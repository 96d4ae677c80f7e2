"""The decisions of one version are listed whole, page by page, however rare they are among the others."""

from datetime import UTC, datetime, timedelta

from credit.decision_log.database import Database
from credit.decision_log.listing import Cursor, list_decisions
from testing.decisions import make_record

START = datetime(2026, 1, 2, tzinfo=UTC)


def test_every_decision_of_a_version_is_on_one_page_in_the_order_of_time(database: Database) -> None:
    """Every third of 50 is of the version; ids run against time, and three decisions each share a moment."""
    made = [
        make_record(version="v2.0.0" if i % 3 == 0 else "v1.0.0", decided_at=START - timedelta(seconds=i // 3))
        for i in range(50)
    ]
    database.add(made)
    expected = sorted((one["decided_at"], one["id"]) for one in made if one["version"] == "v2.0.0")
    for window in (1, 2, 7, 50, 51):
        found, cursor, pages = [], None, 0
        while True:
            page = list_decisions(database, "v2.0.0", "prod", cursor, window)
            found += [Cursor(one["decided_at"], one["id"]) for one in page.decisions]
            pages += 1
            assert len(page.decisions) <= window
            if (cursor := page.cursor) is None:
                break
        assert found == expected
        assert pages == 50 // window + 1


def test_a_log_without_a_decision_has_one_empty_page(database: Database) -> None:
    assert list_decisions(database, "v2.0.0", "prod") == ([], None)
