"""One database: what is written comes back, once; what goes wrong is said in one line without a secret."""

from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from credit.common.errors import CreditError
from credit.decision_log.database import Database
from testing.decisions import list_identifiers, make_record, read_decision
from testing.parts.servers import Cluster


def test_a_decision_comes_back_as_it_was_written(database: Database) -> None:
    written = make_record(inputs={"income": 0.1, "big": 2**63 - 1, "text": "\x00 \U0001f600 '; --", "none": None})
    database.add([written])
    assert database.find(written["id"]) == written
    assert database.find("0" * 32) is None


def test_moments_are_kept_in_utc(database: Database) -> None:
    one = make_record()
    elsewhere = one["decided_at"].astimezone(timezone(timedelta(hours=5)))
    database.add([one | {"decided_at": elsewhere}])
    assert read_decision(database, one["id"])["decided_at"].isoformat() == "2026-01-02T03:04:05.678901+00:00"


def test_what_is_there_is_not_written_again(database: Database) -> None:
    one, other = make_record(), make_record()
    database.add([one])
    database.add([one | {"score": 0.9}, other])
    assert list_identifiers(database) == [one["id"], other["id"]]
    assert read_decision(database, one["id"])["score"] == 0.1


def test_a_key_belongs_to_the_first_decision_under_it(database: Database) -> None:
    first, second, third, without = (make_record(idempotency_key=key) for key in ("k", "k", "k", None))
    assert database.add([first]) == {"k": first}
    assert database.add([second, without]) == {"k": first}
    assert database.add([third]) == database.add([third]) == {"k": first}
    late = {"idempotency_key": None, "repeated_key": "k", "repeat_of": first["id"]}
    assert [read_decision(database, one["id"]) for one in (second, third)] == [second | late, third | late]
    assert sorted(list_identifiers(database)) == sorted(one["id"] for one in (first, second, third, without))


def test_of_requests_only_those_are_written_whose_key_is_new(database: Database) -> None:
    first, again, other, without = (make_record(idempotency_key=key) for key in ("k", "k", "l", None))
    written: list[dict[str, Any]] = []

    def link(records: list[dict[str, Any]], _: Any) -> None:
        written.extend(records)

    assert database.add_requests([[first], [without]], link) == {}
    assert database.add_requests([[again], [other]], link) == {"k": first}
    assert written == [first, without, other]
    assert list_identifiers(database) == [first["id"], without["id"], other["id"]]


def test_a_key_that_another_service_writes_meanwhile_is_seen_when_its_transaction_ends(server: Cluster) -> None:
    """In PostgreSQL, where two write at once: the later one looks again, and links what it writes anew."""
    database, elsewhere = Database(server.url), Database(server.url)
    database.prepare()
    first, again, other = (make_record(idempotency_key=key) for key in ("k", "k", "l"))
    linked: list[list[str]] = []

    def link(records: list[dict[str, Any]], _: Any) -> None:
        if not linked:
            elsewhere.add([first])
        linked.append([record["id"] for record in records])

    assert database.add_requests([[again], [other]], link) == {"k": first}
    assert linked == [[again["id"], other["id"]], [other["id"]]]
    assert list_identifiers(database) == [first["id"], other["id"]]
    database.close()
    elsewhere.close()


def test_nothing_is_written_when_one_of_them_cannot_be(database: Database) -> None:
    with pytest.raises(CreditError):
        database.add([make_record(), make_record(score=None)])
    assert list_identifiers(database) == []


@pytest.mark.parametrize(
    "url", ["postgresql+pg8000://a:secret@h/d", "mysql://a:secret@h/d", "secret", "sqlite+x:///secret"]
)
def test_another_kind_of_database_is_refused_without_repeating_the_url(url: str) -> None:
    with pytest.raises(CreditError, match="postgresql\\+psycopg") as caught:
        Database(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("place", ["modeler:secret@{}/d", "{}/d?user=modeler&password=secret"])
def test_an_error_says_which_database_and_no_password(place: str, server: Cluster) -> None:
    nowhere = "127.0.0.1:1"
    with pytest.raises(CreditError, match="127") as caught:
        Database(f"postgresql+psycopg://{place.format(nowhere)}").prepare()
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_postgresql_that_restarted_while_nobody_asked_is_not_noticed(server: Cluster) -> None:
    database = Database(server.url)
    database.prepare()
    before, after = make_record(), make_record()
    database.add([before])
    server.stop()
    server.start()
    database.add([after])
    assert list_identifiers(database) == [before["id"], after["id"]]
    database.close()


def test_a_lock_that_somebody_holds_is_not_waited_for_for_ever(server: Cluster) -> None:
    database = Database(server.url)
    database.prepare()
    with database.begin_write() as connection:
        connection.execute(text("LOCK TABLE decisions"))
        with pytest.raises(CreditError, match="timeout"):
            database.add([make_record()])
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    database.add([make_record()])
    database.close()


def test_a_server_that_hangs_is_given_up_and_asked_again_later(server: Cluster) -> None:
    database = Database(server.url)
    database.prepare()
    one = make_record()
    server.hang()
    try:
        for _ in range(2):  # on a connection that was there, and on a new one
            with pytest.raises(CreditError):
                database.add([one])
    finally:
        server.go_on()
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    database.add([one])
    assert list_identifiers(database) == [one["id"]]
    database.close()


def test_a_folder_that_is_not_there_is_made_for_sqlite(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/a/b.db")
    database.prepare()
    assert list_identifiers(database) == []
    database.close()
