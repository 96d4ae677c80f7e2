"""A week whose applicants differ from those that the version was made from is told, once, and nothing is taken back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from filled_logs import Books, read_newest, start

from credit.bundle.application_fit import OTHER_VERSION
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from release.watching.drift import find_period

WEEK = timedelta(days=7)


def write_week(books: Books, live: LedgerEntry, applicants: list[int], seed: int, number: int = 300) -> None:
    """Write decisions of the next whole week on applicants as they come, of the races in turn."""
    _, end = find_period(books.now + WEEK, 7)
    books.now = end
    chosen = np.random.default_rng(seed).permutation(applicants * (number // len(applicants) + 1))[:number]
    books.write(live, [(int(one), ("white", "Black")[i % 2]) for i, one in enumerate(chosen)])
    books.now = end + WEEK


def test_drift_is_told_of_the_figures_that_changed(released: Store, books: Books, live: LedgerEntry) -> None:
    everybody = list(range(len(books.town.applications)))
    owners = [i for i in everybody if books.town.applications[i]["home"] == "own"]
    session = start(books, acts=True, stale_hours=1e6)
    write_week(books, live, everybody, 1)
    usual = session.look(books.now)
    assert usual.told.drift is not None
    assert (usual.told.drift.people, usual.told.drift.unread) == (300, 0)
    features = {one.figure for one in usual.told.drift.findings}
    assert {"score", "decisions", "groups of race", "income", "missing income", "home", "points"} <= features
    assert [one.figure for one in usual.told.drift.drifted if one.figure != "groups of race"] == []
    assert session.look(books.now + timedelta(days=1)).told.drift is usual.told.drift, "judged once"

    write_week(books, live, owners, 2)
    other = session.look(books.now)
    assert other.told.drift is not None
    assert "home" in {one.figure for one in other.told.drift.drifted}
    assert other.told.drift.start == usual.told.drift.start + 2 * WEEK
    assert other.word == "quiet"
    assert read_newest(released) == live


def choose_poor(books: Books, live: LedgerEntry) -> list[int]:
    scores = [one[3] for one in books.town.decide(live)]
    return [place for place, score in enumerate(scores) if score < np.quantile(scores, 0.3)]


def choose_silent(books: Books, live: LedgerEntry) -> list[int]:
    there = books.town.applications
    silent = [place for place, one in enumerate(there) if one["income"] is None]
    return silent * (len(there) // len(silent)) + list(range(len(there)))


def choose_referred(books: Books, live: LedgerEntry) -> list[int]:
    kinds = [one[0] for one in books.town.decide(live)]
    referred = [place for place, kind in enumerate(kinds) if kind == "refer"]
    return referred * (len(kinds) // len(referred)) + list(range(len(kinds)))


@pytest.mark.parametrize(
    ("choose", "figure"),
    [
        (choose_poor, "score"),
        (choose_silent, "missing income"),
        (choose_referred, "decisions"),
        (None, "groups of race"),
    ],
)
def test_what_comes_otherwise_is_the_figure_that_is_told(
    books: Books,
    live: LedgerEntry,
    rows: list[dict[str, Any]],
    choose: Callable[[Books, LedgerEntry], list[int]] | None,
    figure: str,
) -> None:
    """Poorer people, more who leave a field empty, more for the analysts, more of a group; a usual week before."""
    everybody, rng = list(range(len(rows))), np.random.default_rng(5)

    def write(applicants: list[int], race: str | None = None) -> set[str]:
        _, books.now = find_period(books.now + WEEK, 7)
        people = rng.permutation(applicants * (600 // len(applicants) + 1))[:600]
        books.write(live, [(int(one), race if race and rng.random() < 0.5 else rows[one]["race"]) for one in people])
        _, books.now = find_period(books.now + WEEK, 7)
        found = start(books, stale_hours=1e6).look(books.now).told.drift
        assert found is not None
        assert found.people == 600
        return {one.figure for one in found.drifted}

    assert write(everybody) == set()
    drifted = write(everybody if choose is None else choose(books, live), None if choose else "Black")
    assert figure in drifted
    if choose is None:
        assert drifted == {figure}, "nothing that decides reads it"


@pytest.mark.parametrize(("share", "is_told"), [(0.02, False), (0.4, True)])
def test_many_whom_the_rule_decided_though_the_model_works_are_told(
    books: Books, live: LedgerEntry, rows: list[dict[str, Any]], share: float, is_told: bool
) -> None:
    """As after a rollback behind clients who send what another version takes: no failing, and no five in a row."""
    other = {"decided_by": "rule", "rule_because": f"{OTHER_VERSION}: without income"}
    _, books.now = find_period(books.now + WEEK, 7)
    for one in range(600):
        is_ruled = int(one * share) < int((one + 1) * share)
        books.write(live, [(one % len(rows), rows[one % len(rows)]["race"])], **(other if is_ruled else {}))
    _, books.now = find_period(books.now + WEEK, 7)
    told = start(books, stale_hours=1e6).look(books.now).told
    assert told.drift is not None
    (found,) = (one for one in told.drift.findings if one.figure == "model or rule")
    assert (found.people, found.is_drift) == (600, is_told)
    assert found.moved == pytest.approx(share if is_told else 0.0, abs=0.021)
    assert {one.what for one in told.concerns} == set()


def test_a_week_of_few_people_says_nothing(books: Books, live: LedgerEntry) -> None:
    write_week(books, live, list(range(99)), 3, 99)
    found = start(books, stale_hours=1e6).look(books.now).told.drift
    assert found is not None
    assert (found.people, found.findings) == (99, [])


def test_periods_begin_at_fixed_days(books: Books) -> None:
    begin, end = find_period(books.now, 7)
    assert end <= books.now < end + WEEK
    assert end - begin == WEEK
    assert find_period(end, 7) == (begin, end)
    assert find_period(end - timedelta(seconds=1), 7)[1] == begin
