"""Who may do what: roles, expiry, and keys that are replaced and revoked while the service runs."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
import requests

from credit.common.errors import CreditError
from credit.registry.store import Store
from service.access.key_file import KeyFileWatch, read_keys
from service.access.keys import KeyRefusedError, KeyRole
from service.commands.keys.list import run as list_keys
from service.commands.keys.make import make_key
from service.commands.keys.revoke import revoke_keys
from service.commands.keys.rotate import rotate_key
from testing.parts.servers import PATIENCE, wait_until
from testing.services import Service, run_service

Asked = list[dict[str, Any]]
ROLES: tuple[KeyRole, ...] = get_args(KeyRole)


def bear(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, str]:
    """A key of each role."""
    return {role: make_key(tmp_path / "keys.json", role, (role,)) for role in ROLES}


@pytest.fixture
def guarded(released: Store, tmp_path: Path, keys: dict[str, str]) -> Iterator[Service]:
    with run_service(released.url, tmp_path / "state", SERVICE_KEYS_FILE=str(tmp_path / "keys.json")) as running:
        yield running.wait()


def test_a_key_is_good_for_its_role_and_nothing_else(guarded: Service, keys: dict[str, str], asked: Asked) -> None:
    """The one of Prometheus reads no applicant, and who asks for decisions looks none up."""
    identifier = guarded.decide(asked[0], **bear(keys["decide"])).json()["id"]
    outcome = {"decision_id": identifier, "outcome": True}
    review = {"decision": "approve", "reviewer": "a", "reason": "b"}
    table: list[tuple[str, Any, KeyRole]] = [
        ("/v1/decisions", asked[1], "decide"),
        ("/v1/decisions/batch", {"applications": asked[:2]}, "decide"),
        ("/v1/outcomes", outcome, "report"),
        (f"/v1/decisions/{identifier}/review", review, "review"),
        (f"/v1/decisions/{identifier}", None, "look-up"),
        ("/v1/versions/v2.0.0/decisions", None, "look-up"),
        ("/metrics", None, "watch"),
        ("/", None, "watch"),
        ("/v1/decided", None, "watch"),
    ]
    for path, body, needs in table:
        for role in ROLES:
            for end in ("", "/"):
                headers = bear(keys[role])
                answer = guarded.decide(body, path + end, **headers) if body else guarded.get(path + end, **headers)
                assert (answer.status_code == 200) is (role == needs), (path, role, answer.text)
                assert answer.status_code in (200, 403)
        refused = guarded.decide(body, path) if body else guarded.get(path)
        assert refused.status_code == 401
    for role in ROLES:
        assert guarded.get("/v1/version", **bear(keys[role])).status_code == 200, "who answers is for every key"
    basic = ("anyone", keys["watch"])
    assert requests.get(guarded.url + "/v1/decided", auth=basic, timeout=PATIENCE).status_code == 200
    assert guarded.get("/health/ready").status_code == 200
    assert "WWW-Authenticate" in guarded.get("/").headers
    assert 'service_refused_keys_total{why="role"}' in guarded.get("/metrics", **bear(keys["watch"])).text


def test_the_documentation_says_how_to_show_a_key_and_which_role_it_needs(
    guarded: Service, keys: dict[str, str]
) -> None:
    content = guarded.get("/openapi.json", **bear(keys["decide"])).json()
    assert {one["scheme"] for one in content["components"]["securitySchemes"].values()} == {"bearer", "basic"}
    assert content["paths"]["/v1/outcomes"]["post"]["security"] == [{"key": ["report"]}, {"password": ["report"]}]
    assert content["paths"]["/health/live"]["get"]["security"] == []
    assert all("security" in one for path in content["paths"].values() for one in path.values())


def test_keys_are_replaced_and_revoked_while_the_service_runs(
    guarded: Service, keys: dict[str, str], asked: Asked, tmp_path: Path
) -> None:
    """Nobody tells the service; the owner's name, to which idempotency keys belong, stays."""
    file = tmp_path / "keys.json"
    first = guarded.decide(asked[0], idempotency_key="k", **bear(keys["decide"])).json()
    new = rotate_key(file, "decide", keep_hours=1, days=None)
    wait_until(lambda: guarded.decide(asked[1], **bear(new)).status_code == 200, "the new key")
    assert guarded.decide(asked[0], idempotency_key="k", **bear(new)).json() == first
    assert guarded.decide(asked[0], **bear(keys["decide"])).status_code == 200, "the old one is good for an hour"
    assert revoke_keys(file, "decide") == 2
    wait_until(lambda: guarded.decide(asked[0], **bear(new)).status_code == 401, "the revocation")
    assert guarded.decide(asked[0], **bear(keys["decide"])).status_code == 401
    assert guarded.get("/v1/decided", **bear(keys["watch"])).status_code == 200
    file.write_text("[")
    wait_until(lambda: "keys of before hold" in json.dumps(guarded.read_health()), "the problem")
    assert guarded.get("/v1/decided", **bear(keys["watch"])).status_code == 200
    logged = guarded.log.read_text()
    assert "a key of decide from 127.0.0.1 was refused: revoked" in logged
    assert not any(key in logged for key in (*keys.values(), new))


def test_a_key_expires(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    token = make_key(file, "branch", ("decide",), days=1)
    header = f"Bearer {token}".encode()
    assert read_keys(file).authenticate(header, "decide") == "branch"
    (content,) = json.loads(file.read_text())
    content["expires"] = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    file.write_text(json.dumps([content]))
    with pytest.raises(KeyRefusedError, match="expired"):
        read_keys(file).authenticate(header, "decide")
    assert make_key(file, "branch", ("decide",)), "its name is free again"


def test_keys_are_listed_with_their_state_and_without_their_hashes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "keys.json"
    make_key(file, "branch", ("decide",), days=3)
    make_key(file, "prometheus", ("watch",))
    revoke_keys(file, "prometheus")
    with pytest.raises(CreditError, match="found no key of that name in use, expected one of branch"):
        revoke_keys(file, "prometheus")
    list_keys.main(["--file", str(file)], standalone_mode=False)
    one, two = capsys.readouterr().out.splitlines()
    assert one.startswith("branch")
    assert "decide; made" in one
    assert "in use, until" in one
    assert "revoked, at" in two
    list_keys.main(["--file", str(file), "--json"], standalone_mode=False)
    shown = capsys.readouterr().out
    assert [key["state"] for key in json.loads(shown)["keys"]] == ["in use", "revoked"]
    assert not any(key["sha256"] in shown for key in json.loads(file.read_text()))


@pytest.mark.parametrize("mode", [0o660, 0o602, 0o666])
def test_a_file_that_others_can_write_is_refused_also_while_the_service_runs(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "keys.json"
    make_key(file, "branch", ("decide",))
    watch = KeyFileWatch(file)
    file.chmod(mode)
    with pytest.raises(CreditError, match=r"others can write it .*, expected a file that only its owner can write"):
        read_keys(file)
    assert watch.look(file) is None
    assert watch.problem is not None
    file.chmod(0o640)
    assert watch.look(file) is not None
    assert watch.problem is None


def test_a_file_that_everybody_or_a_group_can_replace_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    make_key(folder / "keys.json", "branch", ("decide",))
    for mode, who in ((0o777, "everybody"), (0o757, "everybody"), (0o775, r"the group \d+"), (0o730, r"the group \d+")):
        folder.chmod(mode)
        with pytest.raises(CreditError, match=rf"{who} can replace it.*chmod go-w .*/open"):
            read_keys(folder / "keys.json")
    for mode in (0o1777, 0o1770, 0o755):
        folder.chmod(mode)
        assert read_keys(folder / "keys.json")


def test_a_folder_that_is_mended_makes_the_file_good_again_while_the_service_runs(tmp_path: Path) -> None:
    file = tmp_path / "kept" / "keys.json"
    make_key(file, "branch", ("decide",))
    watch = KeyFileWatch(file)
    file.parent.chmod(0o775)
    assert (watch.look(file), watch.problem is None) == (None, False)
    file.parent.chmod(0o755)
    assert watch.look(file) is not None
    assert watch.problem is None


def test_a_folder_that_is_made_for_keys_is_no_groups_whatever_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        make_key(tmp_path / "new" / "keys.json", "branch", ("decide",))
    finally:
        os.umask(before)
    assert read_keys(tmp_path / "new" / "keys.json")


def test_nobody_else_can_read_the_databases(guarded: Service, keys: dict[str, str], asked: Asked) -> None:
    guarded.decide(asked[0], **bear(keys["decide"])).raise_for_status()
    modes = {path.name: path.stat().st_mode & 0o777 for path in guarded.state.glob("*.db*")}
    assert {"decisions.db", "decisions.db-wal", "spool.db"} <= set(modes)
    assert set(modes.values()) == {0o600}
