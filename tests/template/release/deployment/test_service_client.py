"""What services may answer, whom the key is shown to, and a configuration of them that is wrong."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from credit.common.errors import CreditError
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.__main__ import main
from release.deployment import service_client
from release.deployment.way_back import read_current_entry
from testing.parts.servers import find_free_ports
from testing.parts.sockets import format_response, serve_bytes
from testing.releases import deploy_versions

Publish = Callable[..., VersionRecord]
SECRET = "do-not-print-me"
ENTRY = LedgerEntry(
    number=3, kind="deploy", version="v1.0.0", digest="d", reason="r", actor="a", time=datetime.now(UTC)
)


@pytest.fixture
def night(disk: Store, publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with v2.0.0 live after v1.0.0, where there is no git."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/")
    monkeypatch.setenv("RELEASE_STORE", disk.url)
    monkeypatch.setenv("RELEASE_ACTOR", "on call")
    publish(disk, "v1.0.0")
    publish(disk, "v2.0.0", "logistic")
    deploy_versions(disk, "v1.0.0", "v2.0.0")
    return disk


def left(*arguments: str) -> Any:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"+PONG\r\n", "PONG"),
        (b"", "closed connection"),
        (format_response("{}").replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"), "no answer"),
        (format_response('{"entry": 3', head="X: 1\r\n").replace(b"11\r\n", b"99\r\n"), "no answer"),
        (format_response("[" * 60_000), "no answer"),
        (format_response('{"entry": 3}' + " " * 70_000 + "x"), "it reports None, entry 3"),
        (format_response("{}", "503 Service Unavailable"), "HTTP 503 Service Unavailable"),
        (format_response("{}", "401 Unauthorized"), "is RELEASE_SERVICE_KEY right"),
        (format_response('{"entry": 2, "version": "v0.9.0"}'), "it reports v0.9.0, entry 2"),
        (format_response('{"entry": 3, "version": "v9.0.0"}'), "it reports v9.0.0, entry 3"),
    ],
)
def test_whatever_a_port_answers_it_is_late_until_it_reports_the_version(answer: bytes, said: str) -> None:
    with serve_bytes(answer) as (url, _):
        late = service_client.wait_for_entry(ENTRY, [url], 0.3)
        if said.endswith("None, entry 3"):
            assert late == []
            return
    assert len(late) == 1
    assert said in late[0]
    assert "\n" not in late[0]


def test_a_port_where_nobody_listens_is_told_in_plain_words() -> None:
    (port,) = find_free_ports(1)
    late = service_client.wait_for_entry(ENTRY, [f"http://127.0.0.1:{port}"], 0)
    assert late == [f"http://127.0.0.1:{port}: no answer that names an entry ([Errno 111] Connection refused)"]


def test_a_later_entry_is_somebodys_later_change() -> None:
    with serve_bytes(format_response('{"entry": 4, "version": "v9.0.0"}')) as (url, _):
        assert service_client.wait_for_entry(ENTRY, [url], 0.3) == []


def test_the_key_is_shown_to_the_service_and_to_nobody_that_it_redirects_to(
    night: Store, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RELEASE_SERVICE_KEY", SECRET)
    with serve_bytes(format_response('{"entry": 9}')) as (elsewhere, overheard):
        moved = format_response("", "302 Found", f"Location: {elsewhere}/v1/version\r\n")
        with serve_bytes(moved) as (url, asked):
            monkeypatch.setenv("RELEASE_SERVICE_URL", url)
            assert left("rollback", "--env", "prod", "--reason", "r", "--wait", "0.3") == 1
    assert f"Authorization: Bearer {SECRET}\r\n" in asked[0]
    assert asked[0].startswith("GET /v1/version ")
    assert overheard == []
    told = "".join(capfd.readouterr())
    assert "HTTP 302 Found" in told
    assert SECRET not in told


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password for the service's host that is meant for other programs."""
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login me password {SECRET}\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


@pytest.mark.usefixtures("netrc")
def test_the_key_goes_before_a_password_of_netrc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEASE_SERVICE_KEY", "key")
    with serve_bytes(format_response('{"entry": 3, "version": "v1.0.0"}')) as (url, asked):
        assert service_client.wait_for_entry(ENTRY, [url], 0.3) == []
    assert "Authorization: Bearer key\r\n" in asked[0]


@pytest.mark.usefixtures("netrc")
@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_none_is_sent(key: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if key is not None:
        monkeypatch.setenv("RELEASE_SERVICE_KEY", key)
    with serve_bytes(format_response('{"entry": 3, "version": "v1.0.0"}')) as (url, asked):
        assert service_client.wait_for_entry(ENTRY, [url], 0.3) == []
    assert "authorization" not in asked[0].lower()


def test_a_key_that_cannot_be_sent_is_one_line_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEASE_SERVICE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("RELEASE_SERVICE_KEY", f"{SECRET}\n")
    with pytest.raises(CreditError, match="RELEASE_SERVICE_KEY: found a line break") as caught:
        service_client.read_addresses()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["localhost:8000", "http://", "http://127.0.0.1:80x", "http://[::1", "http://a b", f"http://me:{SECRET}@here"],
)
def test_an_address_that_is_none_stops_a_deploy_before_it_and_is_told_after_a_rollback(
    night: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    monkeypatch.setenv("RELEASE_SERVICE_URL", url)
    with pytest.raises(CreditError, match="RELEASE_SERVICE_URL") as caught:
        main(["deploy", "v1.0.0", "--env", "prod", "--reason", "r"])
    assert SECRET not in str(caught.value)
    assert Ledger(night, "prod").find_last_number() == 2
    assert left("rollback", "--env", "prod", "--reason", "r") == 1
    told = capsys.readouterr().out
    assert "prod: v2.0.0 -> v1.0.0" in told
    assert "late:  RELEASE_SERVICE_URL: found" in told
    assert SECRET not in told
    assert read_current_entry(night, "prod").version == "v1.0.0"


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "soon"])
def test_a_wait_that_has_no_end_is_refused(night: Store, capsys: pytest.CaptureFixture[str], seconds: str) -> None:
    assert left("rollback", "--env", "prod", "--reason", "r", f"--wait={seconds}") == 2
    assert "expected a number of seconds" in capsys.readouterr().err
    assert Ledger(night, "prod").find_last_number() == 2
