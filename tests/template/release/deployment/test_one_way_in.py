"""Whatever puts a version live that was not live before asks for what `deploy` asks for, and does what it does."""

import json
from collections.abc import Callable

import pytest

from credit.common.errors import CreditError, Problem
from credit.registry.ledger import WATCH_ACTOR, Ledger
from credit.registry.names import ARTIFACT
from credit.registry.store import Store
from credit.registry.versions import require_version
from release.__main__ import main
from release.deployment.apply import apply_change
from release.deployment.change import Attribution
from release.deployment.notification import WEBHOOK_VARIABLE
from release.deployment.plan import plan_rollback_to
from release.judge.findings import Findings
from release.registration import admission
from testing.parts.servers import find_free_ports
from testing.parts.sockets import format_response, serve_bytes
from testing.releases import deploy_versions

Run = Callable[..., str]
Say = Callable[..., tuple[int, str]]
BLOCKED = Findings([Problem("main's judge", "it fails")])


@pytest.fixture
def say(three: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run `release`; return its exit code, and everything that is printed or raised."""
    monkeypatch.setenv("RELEASE_STORE", three.url)

    def say(*words: str) -> tuple[int, str]:
        try:
            main(list(words))
        except CreditError as error:
            return 1, str(error)
        except SystemExit as left:
            return int(left.code or 0), capsys.readouterr().out
        raise AssertionError("main always exits")

    return say


def list_live(store: Store) -> list[tuple[str, str, str | None]]:
    return [(entry.kind, entry.version, entry.approver) for entry in Ledger(store, "prod").read_entries()]


def test_a_rollback_by_name_to_a_version_that_was_never_live_is_refused_and_names_deploy(
    run: Run, three: Store, say: Say
) -> None:
    """Else it would be the way in for a version that `deploy` refuses."""
    deploy_versions(three, "v1.0.0", "v2.0.0")
    for more in ([], ["--dry-run"]):
        code, told = say("rollback", "--env", "prod", "--reason", "r", "--to", "v1.1.0", *more)
        assert code == 1
        assert "was never live there; release deploy v1.1.0 --env prod puts it there, once its checks pass" in told
    assert [version for _, version, _ in list_live(three)] == ["v2.0.0", "v1.0.0"]


def test_a_rollback_by_name_to_a_version_that_was_live_asks_nobody(
    run: Run, three: Store, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither git, nor origin, nor a judge: at night they may all be out of reach."""
    deploy_versions(three, "v1.0.0", "v2.0.0")
    monkeypatch.setattr(admission, "judge_commit", lambda *_: BLOCKED)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    run("git", "remote", "set-url", "origin", "/nowhere")
    code, told = say("rollback", "--env", "prod", "--reason", "r", "--to", "v1.0.0")
    assert (code, list_live(three)[0]) == (0, ("rollback", "v1.0.0", None)), told


def assign(run: Run, version: str) -> None:
    run("gto", "assign", ARTIFACT, "--version", version, "--stage", "prod", "--message", "by hand")


def test_what_sync_puts_live_needs_a_second_person_as_deploy_does(
    run: Run, three: Store, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy_versions(three, "v1.0.0")
    assert say("sync", "--no-fetch")[0] == 0
    assign(run, "v2.0.0")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    code, told = say("sync", "--no-fetch", "--apply")
    assert code == 1
    assert "problem: prod: not followed: environment prod: found nobody but modeler" in told
    assert [version for _, version, _ in list_live(three)] == ["v1.0.0"]
    monkeypatch.setenv("RELEASE_APPROVER", "counsel")
    code, told = say("sync", "--no-fetch", "--apply")
    assert code == 0, told
    assert list_live(three)[0] == ("deploy", "v2.0.0", "counsel")
    assert "prod: v1.0.0 -> v2.0.0" in told
    assert "undo:  release rollback --env prod --to v1.0.0 --reason '...'" in told


def test_what_sync_takes_back_is_told_to_the_webhook_as_a_rollback_is(
    run: Run, three: Store, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy_versions(three, "v1.0.0", "v2.0.0")
    assert say("sync", "--no-fetch")[0] == 0
    run("gto", "deprecate", ARTIFACT, "v2.0.0", "prod")
    with serve_bytes(format_response("")) as (url, asked):
        monkeypatch.setenv(WEBHOOK_VARIABLE, f"{url}/hooks/1")
        code, told = say("sync", "--no-fetch", "--apply")
    assert code == 0, told
    assert "told:  127.0.0.1 knows (HTTP 200)" in told
    assert "prod: v2.0.0 -> v1.0.0" in told
    (message,) = asked
    head, _, body = message.partition("\r\n\r\n")
    assert head.startswith("POST /hooks/1")
    assert body == "" or json.loads(body)["text"].startswith("prod: v2.0.0 -> v1.0.0. git tag credit-model#prod")


def test_what_sync_puts_live_and_no_service_takes_up_is_put_back_as_deploy_puts_it_back(
    run: Run, three: Store, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy_versions(three, "v1.0.0")
    assert say("sync", "--no-fetch")[0] == 0
    assign(run, "v2.0.0")
    (nobody,) = find_free_ports(1)
    monkeypatch.setenv("RELEASE_SERVICE_URL", f"http://127.0.0.1:{nobody}")
    code, told = say("sync", "--no-fetch", "--apply", "--wait", "0")
    assert code == 1
    assert "prod: v2.0.0 was not taken up and is not live" in told
    assert [(kind, version) for kind, version, _ in list_live(three)[:2]] == [
        ("rollback", "v1.0.0"),
        ("deploy", "v2.0.0"),
    ]
    monkeypatch.delenv("RELEASE_SERVICE_URL")
    assert say("sync", "--no-fetch", "--apply")[0] == 0
    assert list_live(three)[0][:2] == ("rollback", "v1.0.0"), "a tag that was followed is not followed again"


def test_a_tag_by_the_name_of_the_watch_is_not_followed(
    run: Run, three: Store, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy_versions(three, "v1.0.0")
    assert say("sync", "--no-fetch")[0] == 0
    monkeypatch.setenv("GIT_COMMITTER_NAME", "watch")
    run("gto", "assign", ARTIFACT, "--version", "v1.1.0", "--stage", "prod", "--message", "by hand", "--force")
    monkeypatch.setenv("RELEASE_ACTOR", "on call")
    code, told = say("sync", "--no-fetch", "--apply")
    assert (code, ": its tagger: found watch, by which nobody writes but release watch" in told) == (1, True), told
    assert Ledger(three, "prod").find_last_number() == 1


def test_what_the_watch_took_back_comes_live_by_no_tag(run: Run, three: Store, say: Say) -> None:
    """Only `deploy` takes a reason to do so despite it."""
    deploy_versions(three, "v1.0.0", "v1.1.0")
    ledger = Ledger(three, "prod")
    by = Attribution("unequal treatment by v1.1.0", WATCH_ACTOR)
    apply_change(three, plan_rollback_to(ledger, require_version(three, "v1.0.0"), by))
    assert say("sync", "--no-fetch")[0] == 0
    run("gto", "assign", ARTIFACT, "--version", "v1.1.0", "--stage", "prod", "--message", "by hand", "--force")
    code, told = say("sync", "--no-fetch", "--apply")
    assert code == 1, told
    assert "in quarantine, the watch took it back by entry 3: unequal treatment by v1.1.0" in told
    assert ledger.find_last_number() == 3
