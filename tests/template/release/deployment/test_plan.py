"""Deploy, rollback and the rule: verified before anything moves, and put back when the service does not follow."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from credit.common.errors import CreditError
from credit.registry import versions
from credit.registry.ledger import Ledger
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.__main__ import main
from release.deployment import plan, service_client
from release.deployment.apply import apply_change
from release.deployment.way_back import read_current_entry
from release.drill.reader import follow_ledger
from testing.releases import WHY, deploy_versions

Publish = Callable[..., VersionRecord]


@contextmanager
def service_that(answers: Callable[[], Any]) -> Iterator[str]:
    """A service on loopback whose /v1/version says what `answers` returns."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = json.dumps(answers()).encode() if self.path == "/v1/version" else b"{}"
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def command(command: Any) -> Any:
    """Run `release` for its JSON."""
    return lambda *arguments: command(*arguments, "--json")


def test_nothing_goes_live_that_was_not_verified(disk: Store, publish: Publish) -> None:
    publish(disk, "v1.0.0")
    record = publish(disk, "v2.0.0", "logistic")
    deploy_versions(disk, "v1.0.0")
    assert disk.folder is not None
    path = disk.folder / "bundles" / record.digest / "model.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CreditError, match=r"model\.onnx"):
        deploy_versions(disk, "v2.0.0")
    assert read_current_entry(disk, "prod").version == "v1.0.0"


def test_a_rollback_to_a_version_whose_bundle_is_broken_is_refused_and_the_rule_is_not(
    disk: Store, publish: Publish
) -> None:
    record = publish(disk, "v1.0.0")
    publish(disk, "v2.0.0", "logistic")
    deploy_versions(disk, "v1.0.0", "v2.0.0")
    assert disk.folder is not None
    (disk.folder / "bundles" / record.digest / "model.onnx").unlink()
    with pytest.raises(CreditError, match=r"model\.onnx"):
        apply_change(disk, plan.plan_rollback(Ledger(disk, "prod"), WHY))
    assert read_current_entry(disk, "prod").version == "v2.0.0"
    made = apply_change(disk, plan.plan_fallback(Ledger(disk, "prod"), WHY))
    assert made is not None
    assert (made.kind, made.version) == ("fallback", "v2.0.0")


def test_a_bundle_that_changed_its_digest_since_it_was_live_is_not_gone_back_to(disk: Store, publish: Publish) -> None:
    publish(disk, "v1.0.0")
    publish(disk, "v2.0.0", "logistic")
    deploy_versions(disk, "v1.0.0", "v2.0.0")
    disk.delete("versions/v1.0.0.json")
    assert disk.folder is not None
    (disk.folder / "versions/v1.0.0.json").unlink(missing_ok=True)
    publish(disk, "v1.0.0", "random_forest")
    with pytest.raises(CreditError, match="the ledger's"):
        apply_change(disk, plan.plan_rollback(Ledger(disk, "prod"), WHY))


def test_nobody_outruns_the_kill_switch(disk: Store, publish: Publish) -> None:
    publish(disk, "v1.0.0")
    publish(disk, "v2.0.0", "logistic")
    deploy_versions(disk, "v1.0.0")
    switch = plan.plan_fallback(Ledger(disk, "prod"), WHY)
    deploy_versions(disk, "v2.0.0")  # at the same moment, and it wins the number
    made = apply_change(disk, switch)
    assert made is not None
    assert (made.number, made.kind, made.version) == (3, "fallback", "v2.0.0")


def test_the_commands_tell_what_they_did_and_how_to_undo_it(
    disk: Store, publish: Publish, command: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for version, candidate in (("v1.0.0", "heuristic"), ("v2.0.0", "logistic")):
        publish(disk, version, candidate)
        assert command("deploy", version, "--env", "prod", "--reason", "planned")[0] == 0
    code, told = command("rollback", "--env", "prod", "--reason", "turns away people without a degree")
    assert (code, told["live"], told["before"]["version"]) == (0, "v1.0.0", "v2.0.0")
    assert told["entry"]["actor"] == "on call"
    with pytest.raises(SystemExit):
        main(["rollback", "--env", "prod", "--to", "rule", "--reason", "no time"])
    text = capsys.readouterr().out
    assert "prod: v1.0.0 -> the rule of v1.0.0" in text
    assert "undo:  release rollback --env prod --to v1.0.0 --after-rule" in text
    assert "next:  release status --env prod" in text
    _, status = command("status", "--env", "prod")
    assert status["environments"]["prod"]["decided_by"] == "rule"
    _, history = command("history", "--env", "prod")
    assert [(e["kind"], e["version"]) for e in history["environments"]["prod"]] == [
        ("fallback", "v1.0.0"),
        ("rollback", "v1.0.0"),
        ("deploy", "v2.0.0"),
        ("deploy", "v1.0.0"),
    ]
    second = history["environments"]["prod"][2]["time"]
    _, then = command("history", "--env", "prod", "--at", second)
    assert [e["version"] for e in then["environments"]["prod"]] == ["v2.0.0"]


def test_an_entry_that_is_not_valid_hides_neither_other_environments_nor_other_entries(
    disk: Store, publish: Publish, command: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for version, candidate in (("v1.0.0", "heuristic"), ("v2.0.0", "logistic")):
        publish(disk, version, candidate)
        deploy_versions(disk, version)
    disk.create("environments/staging/000000000/000000001.json", b"{")
    code, told = command("status")
    assert code == 1
    assert told["environments"]["prod"]["version"] == "v2.0.0"
    assert "000000001.json" in told["environments"]["staging"]["problem"]
    code, told = command("history")
    assert (code, [e["version"] for e in told["environments"]["prod"]]) == (1, ["v2.0.0", "v1.0.0"])
    assert len(told["problems"]) == 1
    assert disk.folder is not None
    (disk.folder / "environments/prod/000000000/000000001.json").write_bytes(b"{")
    code, told = command("status", "--env", "prod")
    assert (code, told["environments"]["prod"]["version"]) == (1, "v2.0.0")
    with pytest.raises(SystemExit):
        main(["history", "--env", "prod"])
    first, second, _ = capsys.readouterr().out.splitlines()
    assert "v2.0.0" in first
    assert "error: " in second


def test_status_names_a_command_back_that_works(
    disk: Store, publish: Publish, command: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for version, back in (("v1.0.0", "--env prod --to rule --reason"), ("v2.0.0", "--env prod --from 2 --reason")):
        publish(disk, version, "logistic")
        deploy_versions(disk, version)
        with pytest.raises(SystemExit):
            main(["status"])
        assert f"back:      release rollback {back}" in capsys.readouterr().out


def test_an_empty_store_may_be_the_wrong_one(command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["status"])
    assert "another store? RELEASE_STORE, else release.yaml, names" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["deploy", "v2.0.0", "--env", "prod", "--reason", "r"],
        ["rollback", "--env", "prod", "--reason", "r"],
        ["rollback", "--env", "prod", "--to", "rule", "--reason", "r"],
        ["rollback", "--env", "prod", "--to", "v1.0.0", "--reason", "r"],
    ],
)
def test_a_dry_run_changes_nothing(disk: Store, publish: Publish, command: Any, arguments: list[str]) -> None:
    publish(disk, "v1.0.0")
    publish(disk, "v2.0.0", "logistic")
    deploy_versions(disk, "v1.0.0", "v2.0.0")
    code, told = command(*arguments, "--dry-run")
    assert (code, told["dry_run"]) == (0, True)
    assert Ledger(disk, "prod").find_last_number() == 2


def test_doing_it_again_changes_nothing(disk: Store, publish: Publish, command: Any) -> None:
    publish(disk, "v1.0.0")
    for arguments in (["deploy", "v1.0.0"], ["rollback", "--to", "v1.0.0"], ["rollback", "--to", "rule"]):
        for _ in range(2):
            assert command(*arguments, "--env", "prod", "--reason", "r")[0] == 0
    assert [entry.kind for entry in Ledger(disk, "prod").read_entries()] == ["fallback", "deploy"]


def test_a_deploy_waits_until_the_service_decides_by_it(
    disk: Store, publish: Publish, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(disk, "v1.0.0")
    asked = []

    def follows() -> dict[str, Any]:
        asked.append(Ledger(disk, "prod").find_last_number())
        return {"entry": 0 if len(asked) < 4 else asked[-1], "version": "v1.0.0"}

    with service_that(follows) as url:
        monkeypatch.setenv("RELEASE_SERVICE_URL", url)
        code, told = command("deploy", "v1.0.0", "--env", "prod", "--reason", "r")
    assert (code, told["services_late"]) == (0, [])
    assert asked == [1, 1, 1, 1]


@pytest.mark.parametrize("before", [None, "v1.0.0", "rule"])
def test_a_deploy_that_one_of_two_services_does_not_take_up_is_put_back_and_fails(
    disk: Store, publish: Publish, command: Any, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    publish(disk, "v1.0.0")
    publish(disk, "v2.0.0", "logistic")
    if before:
        deploy_versions(disk, "v1.0.0")
    if before == "rule":
        apply_change(disk, plan.plan_fallback(Ledger(disk, "prod"), WHY))
    with (
        service_that(lambda: {"entry": Ledger(disk, "prod").find_last_number()}) as good,
        service_that(lambda: {"entry": 0}) as bad,
    ):
        monkeypatch.setenv("RELEASE_SERVICE_URL", f"{good}, {bad}/")
        code, told = command("deploy", "v2.0.0", "--env", "prod", "--reason", "r", "--wait", "0.5", "--after-rule")
    assert (code, told["put_back"], len(told["services_late"])) == (1, True, 1)
    now = read_current_entry(disk, "prod")
    expected = {None: ("fallback", "v2.0.0"), "v1.0.0": ("rollback", "v1.0.0"), "rule": ("fallback", "v1.0.0")}
    assert (now.kind, now.version) == expected[before]
    assert "not taken up within 0.5 seconds" in now.reason


def test_a_deploy_that_can_not_be_put_back_says_what_is_live_and_how_to_go_on(
    disk: Store, publish: Publish, command: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bundle of the version before is broken in the store."""
    record = publish(disk, "v1.0.0")
    publish(disk, "v2.0.0", "logistic")
    deploy_versions(disk, "v1.0.0")
    assert disk.folder is not None
    (disk.folder / "bundles" / record.digest / "model.onnx").unlink()
    with service_that(lambda: {"entry": 1}) as url:
        monkeypatch.setenv("RELEASE_SERVICE_URL", url)
        with pytest.raises(SystemExit) as left:
            main(["deploy", "v2.0.0", "--env", "prod", "--reason", "r", "--wait", "0.3"])
    assert left.value.code == 1
    told = capsys.readouterr().out
    assert "v2.0.0 was not taken up and could not be put back" in told
    assert "model.onnx" in told
    assert "live:  v2.0.0 (entry 2)" in told
    assert "next:  release rollback --env prod --to rule" in told
    assert read_current_entry(disk, "prod").version == "v2.0.0"


def test_an_earlier_version_that_is_not_taken_up_is_put_back_too(
    disk: Store, publish: Publish, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(disk, "v1.0.0")
    publish(disk, "v2.0.0", "logistic")
    deploy_versions(disk, "v1.0.0", "v2.0.0")
    with service_that(lambda: {"entry": 2}) as url:
        monkeypatch.setenv("RELEASE_SERVICE_URL", url)
        code, told = command("deploy", "v1.0.0", "--env", "prod", "--reason", "r", "--wait", "0.3")
    assert (code, told["entry"]["kind"], told["put_back"], told["live"]) == (1, "rollback", True, "v2.0.0")
    back = apply_change(disk, plan.plan_rollback(Ledger(disk, "prod"), WHY))
    assert back is not None
    assert back.version == "v1.0.0", "what was put back stands where it stood"


@pytest.mark.parametrize("answer", ["no json", [], {"version": "v1"}, {"entry": "x"}, {"entry": None}])
def test_a_service_that_says_nothing_of_an_entry_is_late_and_a_rollback_stands(
    disk: Store, publish: Publish, command: Any, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    publish(disk, "v1.0.0")
    publish(disk, "v2.0.0", "logistic")
    deploy_versions(disk, "v1.0.0", "v2.0.0")
    with service_that(lambda: answer) as url:
        monkeypatch.setenv("RELEASE_SERVICE_URL", url)
        code, told = command("rollback", "--env", "prod", "--reason", "r", "--wait", "0.3")
    assert (code, told["live"]) == (1, "v1.0.0")
    assert read_current_entry(disk, "prod").version == "v1.0.0"


def test_an_address_of_a_service_that_is_none_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEASE_SERVICE_URL", "file:///etc/passwd")
    with pytest.raises(CreditError, match="RELEASE_SERVICE_URL"):
        service_client.read_addresses()


def test_a_follower_that_meets_a_broken_version_goes_on_with_the_last_one(disk: Store, publish: Publish) -> None:
    publish(disk, "v1.0.0")
    record = publish(disk, "v2.0.0", "logistic")
    deploy_versions(disk, "v1.0.0")
    ledger = Ledger(disk, "prod")
    first = follow_ledger(ledger, None)
    deploy_versions(disk, "v2.0.0")
    assert disk.folder is not None
    path = disk.folder / "bundles" / record.digest / "policy.json"
    content = path.read_bytes()
    path.write_bytes(b"{}")
    with pytest.raises(CreditError):
        follow_ledger(ledger, first)
    path.write_bytes(content)
    second = follow_ledger(ledger, first)
    assert first is not None
    assert second is not None
    assert (first.decide(), second.decide()) == (1, 2)


def test_no_command_has_the_name_of_a_version_that_is_not_there(disk: Store, publish: Publish) -> None:
    with pytest.raises(CreditError, match=r"no v1\.2\.0, nothing is published; run release publish v1\.2\.0"):
        versions.require_version(disk, "v1.2.0")
    publish(disk, "v1.0.0")
    with pytest.raises(CreditError, match=r"no v1\.2\.0 \(there are: v1\.0\.0\)"):
        versions.require_version(disk, "v1.2.0")
