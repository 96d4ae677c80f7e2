"""A rollback is told to a webhook: to whom, what, and that nothing a webhook does delays or fails it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from credit.registry.ledger import Ledger
from credit.registry.store import Store
from credit.registry.versions import require_version
from release.deployment import notification, rollout
from release.deployment.change import Change, Condition
from release.deployment.plan import plan_deployment, plan_fallback, plan_rollback
from release.deployment.rollout import Rollout, roll_out
from release.deployment.wording import describe_rollout
from testing.parts.servers import find_free_ports
from testing.parts.sockets import serve_bytes
from testing.releases import WHY, deploy_versions

LATCHED = Condition(after_rule=True)
SECRET = "hooks/T0/do-not-print-me"


class Receiver:
    """A webhook on loopback: what came, and how it answers. `gate`: open it to let an answer go out."""

    def __init__(self) -> None:
        self.came: list[tuple[str, Any, Any]] = []
        self.status = 200
        self.gate = threading.Event()
        self.gate.set()
        self.url = ""


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            receiver.came.append((self.path, content, self.headers.get("Authorization")))
            receiver.gate.wait()
            self.send_response(receiver.status)
            self.send_header("Location", "http://127.0.0.1:9/")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/{SECRET}"
    monkeypatch.setenv("RELEASE_WEBHOOK_URL", receiver.url)
    yield receiver
    receiver.gate.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def night(disk: Store, publish: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with v2.0.0 live after v1.0.0, where there is no git."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/")
    publish(disk, "v1.0.0")
    publish(disk, "v2.0.0", "logistic")
    deploy_versions(disk, "v1.0.0", "v2.0.0")
    return disk


def carry_out(store: Store, change: Change, revert: bool = False) -> Rollout:
    return roll_out(store, change, wait=0, push=False, revert=revert)


def test_the_webhook_gets_what_was_taken_back_by_whom_and_why(night: Store, webhook: Receiver, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password do-not-send-me")
    done = carry_out(night, plan_rollback(Ledger(night, "prod"), WHY))
    ((path, content, authorization),) = webhook.came
    assert (path, authorization) == (f"/{SECRET}", None)
    assert content["text"] == "prod: v2.0.0 -> v1.0.0. a test (tester, entry 3)"
    assert (content["event"], content["environment"], content["before"], content["now"], content["store"]) == (
        "rollback", "prod", "v2.0.0", "v1.0.0", night.url,
    )  # fmt: skip
    assert content["entry"] == json.loads(Ledger(night, "prod").read_entry(3).serialize())
    told = describe_rollout(done)
    assert (told.code, told.content["notified"]) == (0, "told:  127.0.0.1 knows (HTTP 200)")
    assert "told:  127.0.0.1 knows (HTTP 200)" in told.text.splitlines()
    assert "do-not-print-me" not in told.text + json.dumps(told.content)
    carry_out(night, plan_fallback(Ledger(night, "prod"), WHY))
    assert webhook.came[1][1]["text"] == "prod: v1.0.0 -> the rule of v1.0.0. a test (tester, entry 4)"
    carry_out(night, plan_fallback(Ledger(night, "prod"), WHY))
    carry_out(night, plan_deployment(Ledger(night, "prod"), require_version(night, "v2.0.0"), WHY, LATCHED))
    assert len(webhook.came) == 2, "neither of what changed nothing nor of a deployment"


def test_a_deployment_that_is_put_back_is_told_too(
    night: Store, webhook: Receiver, monkeypatch: pytest.MonkeyPatch, publish: Any
) -> None:
    (nobody,) = find_free_ports(1)
    monkeypatch.setenv("RELEASE_SERVICE_URL", f"http://127.0.0.1:{nobody}")
    publish(night, "v3.0.0", "logistic")
    change = plan_deployment(Ledger(night, "prod"), require_version(night, "v3.0.0"), WHY)
    told = describe_rollout(carry_out(night, change, revert=True))
    assert told.code == 1
    assert "told:  127.0.0.1 knows (HTTP 200)" in told.text.splitlines()
    assert [content["text"] for _, content, _ in webhook.came] == [
        "prod: v3.0.0 -> v2.0.0. v3.0.0 was not taken up within 0 seconds (tester, entry 4)"
    ]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_webhook_that_refuses_fails_nothing_and_is_told(night: Store, webhook: Receiver, status: int) -> None:
    webhook.status = status
    told = describe_rollout(carry_out(night, plan_rollback(Ledger(night, "prod"), WHY)))
    assert told.code == 0
    assert f"told:  127.0.0.1 did not take it (HTTP {status}); tell people yourself" in told.text.splitlines()
    assert len(webhook.came) == 1, "a redirect is not followed"


def test_a_webhook_that_hangs_delays_no_step_of_the_rollback(
    night: Store, webhook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers nothing until all is over; every step is seen to be done before it is waited for."""
    webhook.gate.clear()
    monkeypatch.setattr(notification, "_MAX_SECONDS", 0.2)
    steps = []
    for name in ("wait_for_services", "tag_entry", "finish_notification"):
        step = getattr(rollout, name)
        monkeypatch.setattr(rollout, name, lambda *given, name=name, step=step: (steps.append(name), step(*given))[1])
    told = describe_rollout(carry_out(night, plan_rollback(Ledger(night, "prod"), WHY)))
    assert steps == ["wait_for_services", "tag_entry", "finish_notification"]
    assert not webhook.gate.is_set()
    assert (told.code, Ledger(night, "prod").read_entry(3).version) == (0, "v1.0.0")
    (line,) = [line for line in told.text.splitlines() if line.startswith("told:")]
    assert line.startswith("told:  127.0.0.1 ")
    assert line.endswith("; tell people yourself")


@contextmanager
def set_address(monkeypatch: pytest.MonkeyPatch, kind: str) -> Iterator[None]:
    """Set the address of a webhook that is none, in one of many ways."""
    (nobody,) = find_free_ports(1)
    addresses = {
        "closed": f"http://127.0.0.1:{nobody}/{SECRET}",
        "no host": f"http://nowhere.invalid/{SECRET}",
        "no address": SECRET,
        "a name in it": f"http://me:{SECRET}@127.0.0.1/",
        "a bad port": f"http://127.0.0.1:port/{SECRET}",
        "not a host": f"http://[::1/{SECRET}",
        "too long a label": f"http://{'a' * 70}.example/{SECRET}",
    }
    if kind in addresses:
        monkeypatch.setenv("RELEASE_WEBHOOK_URL", addresses[kind])
        yield
        return
    with serve_bytes(b"+PONG\r\n") as (url, _):
        monkeypatch.setenv("RELEASE_WEBHOOK_URL", f"{url}/{SECRET}")
        yield


@pytest.mark.parametrize(
    "kind",
    ["closed", "no host", "no address", "a name in it", "a bad port", "not a host", "too long a label", "not http"],
)
def test_a_webhook_that_is_none_fails_nothing_shows_no_secret_and_is_told(
    night: Store, monkeypatch: pytest.MonkeyPatch, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with set_address(monkeypatch, kind):
        told = describe_rollout(carry_out(night, plan_rollback(Ledger(night, "prod"), WHY)))
    assert (told.code, Ledger(night, "prod").read_entry(3).version) == (0, "v1.0.0")
    (line,) = [line for line in told.text.splitlines() if line.startswith("told:")]
    assert "tell people yourself" in line or "nobody; RELEASE_WEBHOOK_URL is no address" in line
    assert "do-not-print-me" not in told.text + json.dumps(told.content) + "".join(capfd.readouterr())


def test_without_a_webhook_nothing_is_said(night: Store) -> None:
    told = describe_rollout(carry_out(night, plan_rollback(Ledger(night, "prod"), WHY)))
    assert "told:" not in told.text
    assert told.content["notified"] is None
