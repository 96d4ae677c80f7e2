"""A real service with a challenger beside: begun, killed, taken up again and ended while people come."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from credit.decision_log.database import Database
from credit.decision_log.integrity.verify import verify_databases
from credit.decision_log.log import DecisionLog
from credit.decision_log.shadows.logged_decider import LoggedDecider
from credit.decision_log.tables import DECISIONS_TABLE, SHADOWS_TABLE
from credit.registry.challenges import Challenge, Challenges
from credit.registry.store import Store
from credit.registry.versions import load_stored_bundle, require_version
from service.shadow.challenger import Challenger, ChallengerError, LogPlace
from service.shadow.recorder import AnsweredApplication
from testing.parts.servers import Cluster, wait_until
from testing.services import Service, run_service
from watch.challenge.reading import read_shadowed


def begin(store: Store, version: str = "v3.0.0") -> Challenge:
    record = require_version(store, version)
    return Challenges(store, "prod").append("shadow", (record.version, record.digest), 2, "a test", "tester")


def end(store: Store, challenge: Challenge) -> None:
    Challenges(store, "prod").append("end", (challenge.version, challenge.digest), 2, "enough", "tester")


def read_challenger(service: Service) -> dict[str, Any]:
    return service.read_health().get("challenger") or {}


def read_pairs(service: Service, url: str = "") -> list[tuple[str, dict[str, Any], str | None]]:
    """Read the decisions that the log has, with their inputs, and what the challenger decided beside."""
    database = Database(url or f"sqlite:///{service.state}/decisions.db", read_only=True)
    decisions, shadows = DECISIONS_TABLE.c, SHADOWS_TABLE.c
    query = select(decisions.id, decisions.inputs, shadows.decision)
    query = query.outerjoin_from(DECISIONS_TABLE, SHADOWS_TABLE, shadows.decision_id == decisions.id)
    try:
        with database.begin_read() as connection:
            return [(*row,) for row in connection.execute(query)]  # type: ignore[misc]
    finally:
        database.close()


def list_challengers(service: Service) -> list[str]:
    """List the processes of challengers that the service started, by what they inherited."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            of_service = f"SERVICE_STATE={service.state}\0".encode() in (process / "environ").read_bytes()
            if of_service and b"service.shadow.scoring" in (process / "cmdline").read_bytes():
                found.append(process.name)
    return found


def read_priorities(process: int) -> dict[int, int]:
    """Read the nice values of the threads of a process."""
    threads = [int(one.name) for one in Path(f"/proc/{process}/task").iterdir()]
    return {thread: os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}


@pytest.fixture
def service(released: Store, tmp_path: Path) -> Iterator[Service]:
    with run_service(released.url, tmp_path / "state") as running:
        yield running.wait()


def test_a_challenger_decides_the_same_people_beside_survives_a_kill_and_goes_while_they_come(
    service: Service, released: Store, asked: list[dict[str, Any]]
) -> None:
    before = [service.decide(one).json()["id"] for one in asked[:3]]
    challenge = begin(released)
    wait_until(lambda: read_challenger(service).get("version") == "v3.0.0", "the challenger", service.process)
    answered = [service.decide(one).json() for one in asked[:30]]
    assert {one["version"] for one in answered} == {"v2.0.0"}
    batch = service.decide({"applications": asked[:10]}, "/v1/decisions/batch").json()["decisions"]
    wait_until(lambda: read_challenger(service)["scored"] == 40, "the shadows", service.process)
    assert 'service_shadows_total{outcome="scored"} 40.0' in service.get("/metrics").text
    wait_until(lambda: sum(kind is not None for *_, kind in read_pairs(service)) == 40, "that they are in the log")
    decider = LoggedDecider(load_stored_bundle(released, require_version(released, "v3.0.0")))
    pairs = {identifier: (inputs, kind) for identifier, inputs, kind in read_pairs(service)}
    for one in [*answered, *batch]:
        inputs, kind = pairs[one["id"]]
        assert kind == decider.decide(inputs).decision.decision
    assert {kind for _, kind in pairs.values()} > {None, "approve"}
    assert any(pairs[one["id"]][1] != one["decision"] for one in answered), "they differ about somebody"

    late = [service.decide(one).json()["id"] for one in asked[:20]]
    assert len(list_challengers(service)) == 1
    service.kill()
    wait_until(lambda: not list_challengers(service), "that the challenger ends with the service")
    service.restart().wait()
    wait_until(lambda: bool(read_challenger(service)), "the challenger again", service.process)
    last = service.decide(asked[0]).json()["id"]
    wait_until(lambda: (last, True) in [(one, kind is not None) for one, _, kind in read_pairs(service)], "its shadow")
    pairs = {identifier: (inputs, kind) for identifier, inputs, kind in read_pairs(service)}
    assert {*before, *late, *(one["id"] for one in answered)} <= pairs.keys(), "every decision is there"
    lost = [one for one in late if pairs[one][1] is None]
    log = Database(f"sqlite:///{service.state}/decisions.db", read_only=True)
    found = read_shadowed(log, "prod", challenge.number, 2, answered[0]["digest"], datetime.now(UTC))
    assert (len(found.applications), found.missing) == (41 + len(late) - len(lost), len(lost))

    end(released, challenge)
    wait_until(lambda: service.read_health()["challenger"] is None, "the end", service.process)
    number = sum(kind is not None for *_, kind in read_pairs(service))
    assert service.decide(asked[0]).status_code == 200
    assert service.read_health() == service.read_health() | {"status": "ok", "challenger": None, "problems": []}
    service.stop()
    wait_until(lambda: not list_challengers(service), "that no challenger is left")
    assert sum(kind is not None for *_, kind in read_pairs(service)) == number
    assert [one.findings for one in verify_databases([log], released)] == [[], [], [], []]
    log.close()


def test_on_postgresql_a_challenger_is_killed_then_the_service_and_whoever_was_answered_is_there_once(
    released: Store, server: Cluster, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    """No decision is lost, none is shadowed twice, and those that the challenger never got are counted as missing."""
    with run_service(released.url, tmp_path / "state", SERVICE_DATABASE_URL=server.url) as service:
        service.wait()
        challenge = begin(released)
        wait_until(lambda: read_challenger(service).get("decides") is True, "the challenger", service.process)
        answered = [service.decide(one).json() for one in asked[:20]]
        wait_until(lambda: read_challenger(service)["scored"] == 20, "the shadows", service.process)
        (process,) = list_challengers(service)
        answered += [service.decide(one).json() for one in asked[:20]]
        os.kill(int(process), signal.SIGKILL)
        answered += [service.decide(one).json() for one in asked[:20]]
        wait_until(lambda: list_challengers(service) not in ([process], []), "another process", service.process)
        wait_until(lambda: read_challenger(service)["decides"], "that it decides", service.process)
        answered += [service.decide(one).json() for one in asked[:20]]
        service.kill()
        wait_until(lambda: not list_challengers(service), "that the challenger ends with the service")
        service.restart().wait()
        wait_until(lambda: bool(read_challenger(service)), "the challenger again", service.process)
        answered.append(service.decide(asked[0]).json())
        wait_until(lambda: read_challenger(service)["scored"] == 1, "the last shadow", service.process)
        pairs = read_pairs(service, server.url)
    assert sorted(one for one, *_ in pairs) == sorted(one["id"] for one in answered), "once, with one shadow at most"
    assert {one["decided_by"] for one in answered} == {"model"}
    shadowed = [one for one, _, kind in pairs if kind is not None]
    assert {one["id"] for one in (*answered[:20], answered[-1])} <= set(shadowed)
    log = Database(server.url, read_only=True)
    found = read_shadowed(log, "prod", challenge.number, 2, answered[0]["digest"], datetime.now(UTC))
    assert (len(found.applications), found.missing) == (len(shadowed), 81 - len(shadowed))
    assert [one.findings for one in verify_databases([log], released)] == [[], [], [], []]
    log.close()


def test_a_process_that_takes_too_long_is_ended_and_one_that_cannot_be_loaded_is_told(
    released: Store, bundles: Callable[[str], Path], asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    log = DecisionLog(f"sqlite:///{tmp_path}/decisions.db", tmp_path)
    place, challenge = LogPlace(f"sqlite:///{tmp_path}/decisions.db", f"sqlite:///{tmp_path}/spool.db"), begin(released)
    with pytest.raises(ChallengerError, match="ended before it was ready"):
        Challenger(challenge, tmp_path, place)
    challenger = Challenger(challenge, bundles("random_forest"), place)
    priorities = read_priorities(challenger._process.pid)
    assert priorities[challenger._process.pid] == 19, "who decides gets what the service leaves"
    own = os.getpriority(os.PRIO_PROCESS, 0)  # the suite itself may run behind others
    assert own in priorities.values(), "who holds the lock of a database waits for nobody"
    whole = [AnsweredApplication(f"{number:032x}", 2, one["application"]) for number, one in enumerate(asked[:20])]
    strange = AnsweredApplication("f" * 32, 2, {"income": "much"})
    found = challenger.shadow([*whole, strange], may_use_database=False)
    assert (found.scored + found.failed, found.unrecorded, found.head.sequence) == (21, 0, 21)
    assert log.shadows.count_spooled() == 21
    challenger._seconds = 0.0
    with pytest.raises(ChallengerError):
        challenger.shadow(whole * 500, may_use_database=True)
    challenger.close()
    with pytest.raises(ChallengerError):
        challenger.shadow(whole, may_use_database=True)
    log.close()


def test_a_challenger_that_cannot_be_loaded_is_told_and_the_champion_decides(
    service: Service, released: Store, asked: list[dict[str, Any]]
) -> None:
    record = require_version(released, "v3.0.0")
    (name,) = [one for one in released.list_children(f"bundles/{record.digest}")[1] if one.endswith(".onnx")]
    released.delete(f"bundles/{record.digest}/{name}")
    assert released.create(f"bundles/{record.digest}/{name}", b"damaged")
    begin(released)
    wait_until(lambda: service.read_health().get("status") == "degraded", "the problem", service.process)
    assert service.read_health()["problems"] == ["the challenger v3.0.0 cannot be loaded; nobody is decided by it"]
    answer = service.decide(asked[0]).json()
    assert (answer["version"], answer["decided_by"]) == ("v2.0.0", "model")
    assert 'service_problem{what="challenger"} 1.0' in service.get("/metrics").text
    wait_until(lambda: 'service_shadows_total{outcome="dropped"} 1.0' in service.get("/metrics").text, "the count")
    shown = {"version": "v3.0.0", "challenge": 1, "decides": False, "dropped": 1}
    assert read_challenger(service) == read_challenger(service) | shown
    page = service.get("/").text
    assert "v3.0.0 should decide beside, and does not" in page
    assert "How many applications it takes was not known when it began." in page
    assert released.create("challenges/prod/000000002.json", b"{}")
    said = "record 2 of the challenges is not valid; nobody decides beside"
    wait_until(lambda: service.read_health()["problems"] == [said], "the other problem", service.process)
    Challenges(released, "prod").append("end", (record.version, record.digest), 2, "enough", "tester")
    wait_until(lambda: service.read_health()["problems"] == [], "the end", service.process)
