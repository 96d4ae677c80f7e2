"""Every answered decision is in the log exactly once: databases that stop, processes that are killed, full disks."""

import json
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import text

from credit.decision_log.database import Database
from credit.registry.ledger import Ledger
from credit.registry.store import Store
from testing.decisions import list_identifiers
from testing.load import Load
from testing.parts.servers import PATIENCE, Cluster, fill, mount_small_disk, wait_until
from testing.parts.sockets import connect, read_to_end
from testing.services import Service, run_service

CLIENTS = 6
MORE = 60  # decisions that are waited for at each step


def logged(url: str) -> Counter[str]:
    """How many times each decision is in a database."""
    database = Database(url)
    try:
        return Counter(list_identifiers(database))
    finally:
        database.close()


def sqlite(service: Service) -> str:
    return f"sqlite:///{service.state}/decisions.db"


def spooled(service: Service) -> int:
    """What the database does not have yet."""
    return logged(f"sqlite:///{service.state}/spool.db").total()


def are_there_once(load: Load, url: str) -> None:
    """Whether what was answered is there, each decision once."""
    there, answered = logged(url), [answer["id"] for _, answer in load.answers]
    assert len(set(answered)) == len(answered)
    assert [one for one in answered if there[one] != 1] == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_decision_is_refused_or_lost_when_postgresql_stops_and_starts(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path, server: Cluster, workers: str
) -> None:
    state, url = tmp_path / "state", server.url
    with run_service(released.url, state, SERVICE_DATABASE_URL=url, SERVICE_WORKERS=workers) as service:
        service.wait()
        load = Load(service, asked)
        with load.run_clients(CLIENTS):
            for _ in range(2):
                load.wait_for(MORE)
                server.stop()
                load.wait_for(MORE)
                service.wait("degraded")
                assert spooled(service)
                assert "decision log" in service.read_health()["problems"][0]
                server.start()
                service.wait("ok")
            load.wait_for(MORE)
        wait_until(lambda: not spooled(service), "the end of the replay")
        service.wait("ok")
    assert load.refused == []
    assert load.lost == 0
    are_there_once(load, url)


def test_a_postgresql_that_hangs_keeps_nobody_waiting_for_long(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path, server: Cluster
) -> None:
    with run_service(released.url, tmp_path / "state", SERVICE_DATABASE_URL=server.url) as service:
        service.wait()
        load = Load(service, asked)
        with load.run_clients(CLIENTS):
            load.wait_for(MORE)
            server.hang()
            try:
                load.wait_for(MORE)
                service.wait("degraded")
            finally:
                server.go_on()
            service.wait("ok")
        wait_until(lambda: not spooled(service), "the end of the replay")
    assert load.refused == []
    assert load.lost == 0
    are_there_once(load, server.url)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_was_answered_before_a_kill_is_in_the_log(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path, workers: str
) -> None:
    with run_service(released.url, tmp_path / "state", SERVICE_WORKERS=workers) as service:
        service.wait()
        load = Load(service, asked)
        with load.run_clients(CLIENTS):
            for _ in range(2):
                load.wait_for(MORE)
                service.kill()
                service.restart().wait()
            load.wait_for(MORE)
        are_there_once(load, sqlite(service))
        assert load.refused == []
        assert spooled(service) == 0


def test_what_was_answered_from_the_spool_before_a_kill_is_in_the_log(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path, server: Cluster
) -> None:
    with run_service(released.url, tmp_path / "state", SERVICE_DATABASE_URL=server.url) as service:
        service.wait()
        load = Load(service, asked)
        with load.run_clients(CLIENTS):
            load.wait_for(MORE)
            server.stop()
            load.wait_for(MORE)
            service.kill()
            service.restart().wait("degraded")
            load.wait_for(MORE)
            server.start()
            service.kill()  # perhaps in the midst of replaying
            service.restart().wait("ok")
            load.wait_for(MORE)
        wait_until(lambda: not spooled(service), "the end of the replay")
    assert load.refused == []
    are_there_once(load, server.url)


def test_a_full_disk_refuses_decisions_and_loses_none(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    with mount_small_disk(tmp_path / "disk", "48m") as disk, run_service(released.url, disk / "state") as service:
        service.wait()
        load = Load(service, asked)
        with load.run_clients(CLIENTS):
            load.wait_for(MORE)
            fill(disk)
            wait_until(lambda: 503 in load.refused, "the end of the room")
            answers: list[requests.Response] = []  # one alone may find room where several did not

            def is_refused() -> bool:
                answers.append(service.decide(asked[0]))
                return answers[-1].status_code == 503

            wait_until(is_refused, "a refusal")
            told = answers[-1].json()
            (disk / "filler").unlink()
            load.wait_for(MORE)
            service.wait("ok")
        assert told == {"title": "the decision could not be recorded, so none was made", "status": 503, "problems": []}
        wait_until(lambda: not spooled(service), "the end of the replay")
        assert set(load.refused) == {503}
        assert load.lost == 0
        are_there_once(load, sqlite(service))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_key_that_many_use_at_once_makes_one_decision(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path, workers: str
) -> None:
    with run_service(released.url, tmp_path / "state", SERVICE_WORKERS=workers) as service:
        service.wait()
        for number in range(5):
            answers: list[dict[str, Any]] = []
            together = threading.Barrier(8)

            def ask(key: str, told: list[dict[str, Any]], barrier: threading.Barrier) -> None:
                barrier.wait(PATIENCE)
                told.append(service.decide(asked[0], idempotency_key=key).json())

            threads = [threading.Thread(target=ask, args=(f"key-{number}", answers, together)) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert answers == answers[:1] * 8
        assert logged(sqlite(service)).total() == 5


def test_a_key_is_recognised_after_a_restart_while_the_database_is_away(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path, server: Cluster
) -> None:
    with run_service(released.url, tmp_path / "state", SERVICE_DATABASE_URL=server.url) as service:
        service.wait()
        server.stop()
        try:
            first = service.decide(asked[0], idempotency_key="a").json()
            assert service.decide(asked[0], idempotency_key="a").json() == first
            service.kill()
            service.restart().wait("degraded")
            assert service.decide(asked[0], idempotency_key="a").json() == first
            assert service.decide(asked[1], idempotency_key="a").status_code == 409
            assert service.get(f"/v1/decisions/{first['id']}").status_code == 503  # what became of it is not known
        finally:
            server.start()
        service.wait("ok")
        assert service.decide(asked[0], idempotency_key="a").json() == first
    assert logged(server.url)[first["id"]] == 1


def test_another_application_under_a_used_key_is_refused(service: Service, asked: list[dict[str, Any]]) -> None:
    first = service.decide(asked[0], idempotency_key="a")
    other = service.decide(asked[1], idempotency_key="a")
    elsewhere = service.decide(asked[0] | {"protected": {"race": None}}, idempotency_key="a")
    assert (first.status_code, other.status_code, elsewhere.status_code) == (200, 409, 409)
    assert logged(sqlite(service)).total() == 1


def test_a_batch_under_a_key_is_decided_once(service: Service, asked: list[dict[str, Any]]) -> None:
    body = {"applications": asked[:20]}
    first = service.decide(body, "/v1/decisions/batch", idempotency_key="a").json()
    assert service.decide(body, "/v1/decisions/batch", idempotency_key="a").json() == first
    turned = {"applications": asked[19::-1]}
    assert service.decide(turned, "/v1/decisions/batch", idempotency_key="a").status_code == 409
    assert logged(sqlite(service)).total() == 20


def test_a_table_that_somebody_locks_keeps_nobody_waiting_for_long(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path, server: Cluster
) -> None:
    other = Database(server.url)
    with run_service(released.url, tmp_path / "state", SERVICE_DATABASE_URL=server.url) as service:
        service.wait()
        with other.begin_write() as connection:
            connection.execute(text("LOCK TABLE decisions"))
            answer = service.decide(asked[0]).json()
            service.wait("degraded")
        service.wait("ok")
    assert logged(server.url)[answer["id"]] == 1
    other.close()


def test_a_reason_that_postgresql_could_not_keep_never_reaches_the_log(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path, server: Cluster
) -> None:
    ledger = Ledger(released, "prod")
    (last,) = ledger.read_entries(1)
    changes = {"number": 3, "id": "x", "kind": "fallback", "reason": "it went \0wrong"}
    released.create(ledger.build_key(3), last.model_copy(update=changes).serialize())
    with run_service(released.url, tmp_path / "state", SERVICE_DATABASE_URL=server.url) as service:
        answer = service.wait("degraded").decide(asked[0]).json()
        assert answer["entry"] == 2, "an entry with such a reason is not valid, and is passed over"
    assert logged(server.url)[answer["id"]] == 1


def test_what_was_taken_in_before_the_end_is_answered(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Applications that are waiting when the process is told to end; a client that comes later is turned away."""
    body = json.dumps({"applications": asked[:1] * 1000}).encode()
    head = "POST /v1/decisions/batch HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json"
    head += f"\r\ncontent-length: {len(body)}\r\n\r\n"
    with run_service(released.url, tmp_path / "state", SERVICE_MAX_CALLER_REQUESTS="8") as service:
        with connect(service.wait().url, 8) as clients:
            for client in clients:
                client.sendall(head.encode() + body[:-1])
            wait_until(lambda: service.decide({}).status_code == 429, "that all eight are taken in")
            service.process.send_signal(signal.SIGTERM)
            for client in clients:
                client.sendall(body[-1:])
            for client in clients:
                answer = read_to_end(client)
                assert answer.startswith(b"HTTP/1.1 200")
                assert answer.count(b'"decided_by"') == 1000
        assert service.process.wait(PATIENCE) in (0, -signal.SIGTERM)
        assert logged(sqlite(service)).total() == 8000
