"""A logged decision, recomputed from its version."""

import getpass
import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from credit.bundle.rule_causes import NO_MODEL
from credit.decision_log.database import Database
from credit.registry.ledger import Ledger
from credit.registry.store import Store
from release.deployment.apply import apply_change
from release.deployment.plan import plan_fallback
from testing.parts.servers import Cluster, find_free_ports, wait_until
from testing.releases import WHY, deploy_versions
from testing.services import ROOT, Service, run_service
from testing.warm.commands import find_warm_commands

Asked = list[dict[str, Any]]
SCORE_ONLY = {"application": {"points": 500}}


def replay(service: Service, identifier: str, *options: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Recompute a decision beside the service, with its settings."""
    return run_command(service, "replay", identifier, *options, **env)


def run_command(service: Service, *words: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run a command beside the service, with its settings."""
    own = {"PYTHONPATH": str(ROOT), "SERVICE_STATE": str(service.state), "RELEASE_STORE": str(stored(service))}
    command = [str(find_warm_commands() / "python"), "-m", "service", *words]
    return subprocess.run(command, env=os.environ | own | env, capture_output=True, text=True, check=False)


def stored(service: Service) -> Path:
    """Where the versions of these tests are."""
    return service.state.parent / "store"


def change(service: Service, assignment: str, identifier: str) -> None:
    """Tamper with a row of the log."""
    with closing(sqlite3.connect(service.state / "decisions.db")) as log, log:
        log.execute(f"UPDATE decisions SET {assignment} WHERE id = ?", [identifier])


@pytest.fixture
def denied(service: Service, asked: Asked) -> dict[str, Any]:
    """A denial by the model, as it was answered."""
    body = {"applications": asked[:100]}
    answers: list[dict[str, Any]] = service.decide(body, "/v1/decisions/batch").json()["decisions"]
    return next(answer for answer in answers if answer["decision"] == "deny")


def test_decisions_of_the_model_come_out_the_same(service: Service, asked: Asked) -> None:
    answers = service.decide({"applications": asked[:40]}, "/v1/decisions/batch").json()["decisions"]
    for answer in {answer["decision"]: answer for answer in answers}.values():
        done = replay(service, answer["id"], "--json")
        told = json.loads(done.stdout)
        assert (done.returncode, told["differs"]) == (0, [])
        assert told["recomputed"] == told["logged"] == {name: answer[name] for name in told["logged"]}
        assert answer["decided_by"] == "model"


def test_a_reason_that_was_told_in_another_language_comes_out_in_it(service: Service, denied: dict[str, Any]) -> None:
    body = {"application": service.get(f"/v1/decisions/{denied['id']}").json()["inputs"]}
    answer = service.decide(body, Accept_Language="es").json()
    assert answer["reasons"] != denied["reasons"]
    told = json.loads(replay(service, answer["id"], "--json").stdout)
    assert told["differs"] == []
    assert told["recomputed"]["reasons"] == answer["reasons"]
    change(service, "reason_codes = '[\"shoes\"]'", answer["id"])
    assert json.loads(replay(service, answer["id"], "--json").stdout)["differs"] == ["reason_codes"]


def test_a_decision_of_before_there_were_codes_comes_out_the_same(service: Service, denied: dict[str, Any]) -> None:
    """Rows of then carry no hashes either."""
    chain = ("writer", "sequence", "previous", "salt", "personal_hash", "row_hash")
    change(service, ", ".join(f"{name} = NULL" for name in ("reason_codes", "language", *chain)), denied["id"])
    done = replay(service, denied["id"], "--json")
    assert (done.returncode, json.loads(done.stdout)["differs"]) == (0, [])


def test_it_is_shown_side_by_side(service: Service, denied: dict[str, Any]) -> None:
    lines = replay(service, denied["id"]).stdout.splitlines()
    assert lines[0] == f"{denied['id']}, by v2.0.0, digest {denied['digest'][:12]}"
    assert lines[2].split() == ["decision", "deny", "deny"]
    assert lines[3].split() == ["score", str(denied["score"]), str(denied["score"])]
    assert all(line.count(reason) == 2 for line, reason in zip(lines[4:], denied["reasons"], strict=False))
    assert lines[-1] == "the same"


def test_the_version_may_have_been_replaced_since(service: Service, denied: dict[str, Any], released: Store) -> None:
    deploy_versions(released, "v3.0.0")
    wait_until(lambda: service.get("/v1/version").json()["version"] == "v3.0.0", "v3.0.0")
    assert replay(service, denied["id"]).returncode == 0
    shutil.rmtree(service.state / "bundles")
    assert replay(service, denied["id"]).returncode == 0


def test_a_version_on_the_disk_of_the_service_needs_no_store(service: Service, denied: dict[str, Any]) -> None:
    stored(service).rename(stored(service).with_name("away"))
    assert replay(service, denied["id"]).returncode == 0
    shutil.rmtree(service.state / "bundles")
    done = replay(service, denied["id"])
    assert done.returncode == 1
    assert done.stderr.startswith("error: the store ")


def test_what_the_rule_decided_by_the_kill_switch_the_rule_decides_again(
    service: Service, released: Store, asked: Asked
) -> None:
    apply_change(released, plan_fallback(Ledger(released, "prod"), WHY))
    wait_until(lambda: service.get("/v1/version").json()["kind"] == "fallback", "the rule")
    answer = service.decide(asked[0]).json()
    told = json.loads(replay(service, answer["id"], "--json").stdout)
    assert told["logged"]["rule_because"] == "fallback to the rule: a test"
    assert told["differs"] == []


def test_one_rule_has_one_number_however_it_comes_to_decide(service: Service, released: Store, asked: Asked) -> None:
    """As the champion, put forward in a model's place, in the log, recomputed, and with the digits of older logs."""
    deploy_versions(released, "v1.0.0")
    wait_until(lambda: service.get("/v1/version").json()["version"] == "v1.0.0", "v1.0.0")
    champion = service.decide({"applications": asked[:40]}, "/v1/decisions/batch").json()["decisions"]
    apply_change(released, plan_fallback(Ledger(released, "prod"), WHY))
    wait_until(lambda: service.get("/v1/version").json()["kind"] == "fallback", "the rule")
    forward = service.decide({"applications": asked[:40]}, "/v1/decisions/batch").json()["decisions"]
    assert [one["rule_because"] for one in (forward[0], champion[0])] == ["fallback to the rule: a test", NO_MODEL]
    assert [one["score"] for one in forward] == [one["score"] for one in champion]
    assert len({one["score"] for one in forward}) > 1
    looked_up = service.get(f"/v1/decisions/{forward[0]['id']}").json()
    told = json.loads(replay(service, forward[0]["id"], "--json").stdout)
    assert looked_up["score"] == told["recomputed"]["score"] == forward[0]["score"]
    for more, differs in ((1e-10, []), (1e-6, ["score"])):
        change(service, f"score = {forward[0]['score'] + more!r}", forward[0]["id"])
        assert json.loads(replay(service, forward[0]["id"], "--json").stdout)["differs"] == differs


def test_what_the_rule_decided_since_it_was_the_best_candidate_comes_out_the_same(
    service: Service, released: Store
) -> None:
    deploy_versions(released, "v1.0.0")
    wait_until(lambda: service.get("/v1/version").json()["version"] == "v1.0.0", "v1.0.0")
    told = json.loads(replay(service, service.decide(SCORE_ONLY).json()["id"], "--json").stdout)
    assert told["logged"]["decided_by"] == "rule"
    assert told["differs"] == []


@pytest.fixture
def bare(bundles: Callable[[str], Path], tmp_path: Path) -> Iterator[Service]:
    """A service without a version: the rule of the image decides."""
    with run_service(str(tmp_path / "store"), tmp_path / "state", SERVICE_BAKED=str(bundles("logistic"))) as running:
        yield running.wait("degraded")


def test_what_the_rule_of_the_image_decided_comes_out_the_same(
    bare: Service, bundles: Callable[[str], Path], asked: Asked
) -> None:
    answer = bare.decide(asked[0]).json()
    assert answer["version"] is None
    done = replay(bare, answer["id"], SERVICE_BAKED=str(bundles("logistic")))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "the same")
    stored(bare).mkdir()
    done = replay(bare, answer["id"])
    assert done.returncode == 1
    assert done.stderr.startswith("error: the store ")


@pytest.mark.parametrize(
    ("assignment", "differs"),
    [
        ("score = score + 1e-15", "score"),
        ("decision = 'approve'", "decision"),
        ("""reasons = '["Your shoes"]'""", "reasons"),
        ("decided_by = 'rule'", "decided_by"),
        ("inputs = json_set(inputs, '$.income', 1000.0, '$.home', 'own')", "score"),
        ("inputs = json_remove(inputs, '$.self')", "rule_because"),
    ],
)
def test_a_row_that_was_changed_differs(
    service: Service, denied: dict[str, Any], assignment: str, differs: str
) -> None:
    change(service, assignment, denied["id"])
    done = replay(service, denied["id"])
    assert done.returncode == 3
    assert done.stdout.splitlines()[-1].startswith("differs: ")
    assert differs in done.stdout.splitlines()[-1]
    assert done.stdout.splitlines()[-2].startswith("not as it was written: another hash of ")


@pytest.mark.parametrize(
    "assignment",
    [
        "caller = 'somebody'",
        """protected = '{"race": "other"}'""",
        "decided_at = '2026-01-01 00:00:00.000000'",
        "inputs = json_set(inputs, '$.bureau_9', 1)",
        "row_hash = previous, previous = row_hash",
    ],
)
def test_a_row_that_was_changed_in_what_no_version_decides_by_is_named(
    service: Service, denied: dict[str, Any], assignment: str
) -> None:
    change(service, assignment, denied["id"])
    done = replay(service, denied["id"])
    assert (done.returncode, done.stdout.splitlines()[-1]) == (3, "the same")
    assert done.stdout.splitlines()[-2].startswith("not as it was written: ")


def test_a_log_is_verified_by_a_command_that_names_the_first_row_that_was_changed(
    service: Service, denied: dict[str, Any]
) -> None:
    """Without the service, which left a checkpoint when it ended; an erased end shows too."""
    service.stop()
    before = {path: path.read_bytes() for path in service.state.rglob("*") if path.is_file()}
    done = run_command(service, "verify-log")
    whole = r"decisions: 100 rows of 1 writers: as they were written, [12] checkpoints compared\n"
    assert (done.returncode, bool(re.match(whole, done.stdout))) == (0, True), done.stdout
    assert {path: path.read_bytes() for path in before} == before
    change(service, "decision = 'approve'", denied["id"])
    done = run_command(service, "verify-log")
    assert done.returncode == 3
    assert done.stdout.startswith(f"altered: decisions {denied['id']}, row ")
    with closing(sqlite3.connect(service.state / "decisions.db")) as log, log:
        log.execute("DELETE FROM decisions WHERE sequence > 60")
    found = json.loads(run_command(service, "verify-log", "--json").stdout)["findings"]
    assert ["deleted", 61] in [[one["kind"], one["place"]] for one in found]
    assert run_command(service, "verify-log", "--since", "yesterday").returncode == 2


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("version = 'v1.0.0'", "the decision: found digest "),
        ("version = 'v7.0.0', digest = 'none'", "no bundle with digest none"),
    ],
)
def test_a_row_that_no_version_can_have_made_is_an_error(
    service: Service, denied: dict[str, Any], assignment: str, said: str
) -> None:
    change(service, assignment, denied["id"])
    done = replay(service, denied["id"])
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert f"the decision {denied['id']}: not as it was written" in done.stderr


def test_a_decision_that_the_database_does_not_have_yet_is_found_and_stays_in_the_spool(
    released: Store, asked: Asked, tmp_path: Path
) -> None:
    away = f"postgresql+psycopg://nobody:secret@127.0.0.1:{find_free_ports(1)[0]}/none"
    with run_service(released.url, tmp_path / "state", SERVICE_DATABASE_URL=away) as service:
        answer = service.wait("degraded").decide(asked[0]).json()
        done = replay(service, answer["id"], SERVICE_DATABASE_URL=away)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("error: the decision log: nothing is shown: this could not be noted in it; again")
        there = f"sqlite:///{tmp_path}/log.db"
        Database(there).prepare()
        done = replay(service, answer["id"], SERVICE_DATABASE_URL=there)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "the same"), done.stderr
        with closing(sqlite3.connect(service.state / "spool.db")) as spool:
            assert spool.execute("SELECT id FROM decisions").fetchall() == [(answer["id"],)]
        done = replay(service, "0" * 32, SERVICE_DATABASE_URL=away)
        assert (done.returncode, done.stdout) == (1, "")
        assert "secret" not in done.stderr


def test_decisions_in_postgresql_come_out_the_same(
    released: Store, asked: Asked, tmp_path: Path, server: Cluster
) -> None:
    url = server.url
    with run_service(released.url, tmp_path / "state", SERVICE_DATABASE_URL=url) as service:
        answers = service.wait().decide({"applications": asked[:20]}, "/v1/decisions/batch").json()["decisions"]
        for answer in {answer["decision"]: answer for answer in answers}.values():
            done = replay(service, answer["id"], SERVICE_DATABASE_URL=url)
            assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "the same")


def test_replaying_changes_nothing_but_that_the_log_has_who_looked(service: Service, denied: dict[str, Any]) -> None:
    service.stop()
    kept, log = [path for path in service.state.rglob("*") if path.is_file()], service.state / "decisions.db"
    before = {path: path.read_bytes() for path in kept if path != log}
    with closing(sqlite3.connect(log)) as connection:
        rows = list(connection.iterdump())
    assert replay(service, denied["id"]).returncode == 0
    assert {path: path.read_bytes() for path in before} == before
    with closing(sqlite3.connect(log)) as connection:
        (event,) = set(connection.iterdump()) ^ set(rows)
        told = connection.execute("SELECT kind, caller, environment, decision_id, detail FROM events").fetchall()
    assert event.startswith('INSERT INTO "events"')
    assert told == [("look_up", getpass.getuser(), "prod", denied["id"], '{"command":"replay"}')]


def test_an_unknown_id_and_a_log_that_is_not_there_are_errors_that_make_nothing(
    service: Service, tmp_path: Path
) -> None:
    done = replay(service, "0" * 32)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: the decision log sqlite:///")
    assert done.stderr.endswith(f": no decision {'0' * 32}\n")
    done = replay(service, "zzz")
    assert done.returncode == 1
    assert done.stderr == "error: ID: found 'zzz', expected the 32 characters that the service answered as `id`\n"
    done = replay(service, "0" * 32, SERVICE_STATE=str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {tmp_path}/none/decisions.db: no such file; SERVICE_STATE and ")
    assert not (tmp_path / "none").exists()
