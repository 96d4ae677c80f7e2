"""A store that hangs, a full disk, an odd database: each is told as what it is, and nobody waits for it."""

import os
import signal
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import text

from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.registry import store
from credit.registry.store import Store
from service.page.history import LedgerHistory
from service.reloading import RELOADED
from service.settings import Settings
from testing.parts.servers import PATIENCE, Cluster, fill, mount_small_disk, wait_until
from testing.parts.sockets import drip
from testing.releases import deploy_versions
from testing.services import ROOT, Service, run_service

Asked = list[dict[str, Any]]


@pytest.fixture
def hung() -> Iterator[dict[str, str]]:
    """The settings of a bucket that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        keys = {"AWS_REGION": "r", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}
        yield {"AWS_ENDPOINT_URL": address, **keys}


def read_first_health(service: Service) -> dict[str, Any]:
    wait_until(lambda: bool(service.read_health()), "the service", service.process)
    return service.read_health()


def test_a_restart_while_the_store_hangs_is_degraded_from_the_beginning(
    released: Store, asked: Asked, tmp_path: Path, hung: dict[str, str]
) -> None:
    with run_service(released.url, tmp_path / "state") as service:
        service.wait()
    with run_service("s3://models", tmp_path / "state", SERVICE_START_SECONDS="0.1", **hung) as service:
        health = read_first_health(service)
        assert (health["status"], health["problems"]) == ("degraded", ["the store does not answer"])
        assert service.decide(asked[0]).json()["version"] == "v2.0.0"
        assert "The store does not answer" in service.get("/").text
        assert service.read_health()["status"] == "degraded"


@pytest.fixture
def _patient_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client of the store has the patience of the tests: who does not limit it would wait for as long."""
    monkeypatch.setattr(store, "_CLIENT_OPTIONS", {"connect_timeout": f"{PATIENCE}s", "timeout": f"{PATIENCE}s"})
    monkeypatch.setattr(store, "_RETRY_OPTIONS", {"max_retries": 3, "retry_timeout": timedelta(seconds=PATIENCE)})


@pytest.mark.usefixtures("_patient_client")
def test_the_page_asks_a_store_that_hangs_no_longer_than_some_seconds(
    hung: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also at the first look, when nobody knows yet."""
    for name, value in {**hung, "RELEASE_STORE": "s3://models"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CreditError, match="the store s3://models"):
        LedgerHistory("prod").read()


@pytest.mark.usefixtures("_patient_client")
@pytest.mark.parametrize("content", [b"", b"<"], ids=["it never comes", "it comes in drops"])
def test_a_store_that_begins_an_answer_and_never_ends_it_is_given_up_too(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\ncontent-length: 100000\r\n\r\n"
    with drip(head, content) as address:
        names = {"AWS_REGION": "r", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ALLOW_HTTP": "true"}
        for name, value in {**names, "AWS_ENDPOINT_URL": address, "RELEASE_STORE": "s3://models"}.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(CreditError, match="the store s3://models"):
            LedgerHistory("prod").read()


def test_a_first_start_with_a_full_disk_serves_from_memory(
    released: Store, asked: Asked, tmp_path: Path, server: Cluster
) -> None:
    """The spool has no room either, and that is told; the database takes the decisions."""
    with mount_small_disk(tmp_path / "disk", "1m") as disk:
        (disk / "state").mkdir()
        fill(disk)
        with run_service(released.url, disk / "state", SERVICE_DATABASE_URL=server.url) as service:
            answer = service.wait("degraded").decide(asked[0])
            assert (answer.status_code, answer.json()["decided_by"]) == (200, "model")
            said = " ".join(service.read_health()["problems"])
            assert "the last good version cannot be saved" in said
            assert "the disk of the spool is full" in said or "the spool cannot be opened" in said
            (disk / "filler").unlink()
            wait_until(lambda: "spool" not in " ".join(service.read_health()["problems"]), "the spool")


def test_it_is_not_ready_while_no_decision_can_be_recorded(released: Store, asked: Asked, tmp_path: Path) -> None:
    """Log and spool on one full disk: 503 with the cause, until there is room, although nobody asks meanwhile."""
    with mount_small_disk(tmp_path / "disk", "24m") as disk, run_service(released.url, disk / "state") as service:
        service.wait()
        fill(disk)
        wait_until(lambda: service.decide(asked[0]).status_code == 503, "the end of the room")
        ready = service.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (503, "dark")
        (said,) = ready.json()["problems"]
        assert said.startswith("no decision can be recorded, and so none is made: ")
        assert "full" in said
        assert "does not answer" not in said
        assert 'service_problem{what="unrecorded"} 1.0' in service.get("/metrics").text
        assert "No decision can be recorded" in service.get("/").text
        (disk / "filler").unlink()
        service.wait("ok")
        assert service.decide(asked[0]).status_code == 200


def test_a_database_that_may_only_be_read_is_not_told_to_be_away(
    released: Store, asked: Asked, tmp_path: Path, server: Cluster
) -> None:
    url = server.make_database()
    with run_service(released.url, tmp_path / "state", SERVICE_DATABASE_URL=url) as service:
        service.wait()
        make_read_only(url, "on")
        try:
            told = ["the database of the decision log is read-only; decisions go to the spool"]
            wait_until(lambda: _ask(service, asked[0]) and service.read_health()["problems"] == told, "the problem")
        finally:
            make_read_only(url, "off")
        service.wait("ok")


def _ask(service: Service, asked: dict[str, Any]) -> bool:
    return service.decide(asked).status_code == 200


def make_read_only(url: str, state: str) -> None:
    """Change the default of all new transactions, and end those that know the old one."""
    database = Database(url)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET default_transaction_read_only TO off"))
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only TO {state}"))
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
    database.close()


def test_a_database_without_an_encoding_takes_decisions(
    released: Store, asked: Asked, tmp_path: Path, server: Cluster
) -> None:
    """The default of such a server made the driver return bytes instead of text, and the start ended in a traceback."""
    url = server.make_database("--encoding=SQL_ASCII", "--template=template0", "--locale=C")
    with run_service(released.url, tmp_path / "state", SERVICE_DATABASE_URL=url) as service:
        answer = service.wait("ok").decide({**asked[0], "protected": {"race": "Métis"}})
        assert answer.status_code == 200
        database = Database(url)
        record = database.find(answer.json()["id"])
        database.close()
        assert record is not None
        assert record["protected"] == {"race": "Métis"}


def test_keys_and_settings_are_read_again_on_sighup(released: Store, asked: Asked, tmp_path: Path) -> None:
    """No request is lost by it, and a faulty file changes nothing."""
    from click.testing import CliRunner

    from service.commands.keys.make import run as make_key

    keys, file = tmp_path / "keys.json", tmp_path / "settings"

    def add_key(name: str) -> dict[str, str]:
        made = CliRunner().invoke(make_key, [name, "--role", "decide", "--role", "watch", "--file", str(keys)])
        return {"authorization": f"Bearer {made.output.split()[0]}"}

    first = add_key("first")
    file.write_text("SERVICE_MAX_BODY_BYTES=100000\n")
    with run_service(
        released.url, tmp_path / "state", SERVICE_KEYS_FILE=str(keys), SERVICE_SETTINGS_FILE=str(file)
    ) as service:
        service.wait()
        second = add_key("second")
        assert service.decide(b" " * 150_000, **first).status_code == 413
        file.write_text("SERVICE_MAX_BODY_BYTES=1000000\nSERVICE_SHUTDOWN_SECONDS=5\n")
        os.kill(service.process.pid, signal.SIGHUP)
        wait_until(lambda: service.decide(b" " * 150_000, **first).status_code == 422, "the new setting")
        assert service.decide(asked[0], **second).status_code == 200
        assert "shutdown_seconds change with the next start only" in service.log.read_text()
        file.write_text("SERVICE_MAX_BODY_BYTES=none\n")
        keys.write_text("[]")
        os.kill(service.process.pid, signal.SIGHUP)
        wait_until(lambda: "SIGHUP changed nothing" in service.log.read_text(), "the refusal")
        assert service.decide(asked[0], **first).status_code == 200


def test_the_largest_batch_and_the_least_ratio_are_taken_up_on_sighup(
    released: Store, asked: Asked, tmp_path: Path
) -> None:
    file, batch = tmp_path / "settings", {"applications": asked[:3]}
    file.write_text("SERVICE_MAX_BATCH=2\nSERVICE_LEAST_RATIO=0.75\n")
    with run_service(released.url, tmp_path / "state", SERVICE_SETTINGS_FILE=str(file)) as service:
        assert service.wait().decide(batch, "/v1/decisions/batch").status_code == 422
        file.write_text("SERVICE_MAX_BATCH=3\nSERVICE_LEAST_RATIO=0.85\n")
        os.kill(service.process.pid, signal.SIGHUP)
        wait_until(lambda: service.decide(batch, "/v1/decisions/batch").status_code == 200, "the larger batch")
        assert service.get("/v1/decided").json()["limit"] == 0.85
        assert "0.85, which SERVICE_LEAST_RATIO says" in service.get("/").text
        deploy_versions(released, "v3.0.0")
        wait_until(lambda: service.decide(asked[0]).json()["version"] == "v3.0.0", "the next version")
        assert service.decide(batch, "/v1/decisions/batch").status_code == 200


def test_the_documentation_names_the_settings_that_need_a_restart() -> None:
    text = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    said = " ".join(text.partition("These need a restart: ")[2].partition(".")[0].split())
    named = {name.strip(" `").removeprefix("SERVICE_").lower() for name in said.split(",")}
    assert named == set(Settings.model_fields) - RELOADED


def test_the_documentation_says_from_sighup_on_what_the_settings_of_now_take(
    released: Store, asked: Asked, tmp_path: Path
) -> None:
    file = tmp_path / "settings"
    file.touch()
    named = asked[0] | {"applicant": "customer-4711"}
    with run_service(released.url, tmp_path / "state", SERVICE_SETTINGS_FILE=str(file)) as service:
        assert (service.wait().decide(named).status_code, _documents_applicants(service)) == (422, False)
        file.write_text(f"SERVICE_APPLICANT_KEY={'k' * 32}\n")
        os.kill(service.process.pid, signal.SIGHUP)
        wait_until(lambda: "changed settings: applicant_key" in service.log.read_text(), "the setting")
        assert (service.decide(named).status_code, _documents_applicants(service)) == (200, True)


def _documents_applicants(service: Service) -> bool:
    schemas = service.get("/openapi.json").json()["components"]["schemas"]
    return "applicant" in schemas["DecisionRequest"]["properties"]


def test_with_several_workers_sighup_starts_one_after_the_other_anew(
    released: Store, asked: Asked, tmp_path: Path, hung: dict[str, str]
) -> None:
    """Also while the store hangs, for which each waits longer than the five seconds that uvicorn gives a new worker."""
    file = tmp_path / "settings"
    file.write_text("SERVICE_MAX_BODY_BYTES=100000\n")
    with run_service(released.url, tmp_path / "state") as service:
        service.wait()
    settings = {"SERVICE_WORKERS": "2", "SERVICE_START_SECONDS": "7", "SERVICE_WORKER_SECONDS": str(PATIENCE)}
    own = settings | hung | {"SERVICE_SETTINGS_FILE": str(file)}
    with run_service("s3://models", tmp_path / "state", **own) as service:
        service.wait("degraded")
        file.write_text("SERVICE_MAX_BODY_BYTES=1000000\n")
        os.kill(service.process.pid, signal.SIGHUP)
        wait_until(lambda: _list_statuses(service) == {422}, "the new setting in both")
        assert service.decide(asked[0]).status_code == 200


def _list_statuses(service: Service) -> set[int]:
    try:
        return {service.decide(b" " * 150_000).status_code for _ in range(10)}
    except requests.ConnectionError:
        return set()
