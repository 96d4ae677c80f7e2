"""Who is told of which alert: by amtool for each alert that there is, and by a real Alertmanager to a real receiver."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from testing.parts.needs import require
from testing.parts.prometheus import MONITORING
from testing.parts.servers import PATIENCE, find_free_ports, wait_until

CONFIGURATION = MONITORING / "alertmanager/alertmanager.yml"
ALERTS = [
    rule
    for path in sorted(MONITORING.glob("prometheus/*.rules.yml"))
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
]


def run_amtool(*words: str) -> str:
    require("Alertmanager")
    return subprocess.run(["amtool", *words], capture_output=True, text=True, check=True).stdout


def test_alertmanager_accepts_its_configuration() -> None:
    assert "SUCCESS" in run_amtool("check-config", str(CONFIGURATION))


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_a_page_wakes_the_person_on_call_and_fairness_reaches_whoever_is_responsible(alert: dict[str, Any]) -> None:
    labels = alert["labels"]
    told = run_amtool(
        "config", "routes", "test", f"--config.file={CONFIGURATION}", f"alertname={alert['alert']}",
        *(f"{name}={value}" for name, value in labels.items()),
    )  # fmt: skip
    expected = {"fairness": labels["about"] == "fairness", "on-call": labels["severity"] == "page"}
    assert set(told.strip().split(",")) == ({name for name, is_told in expected.items() if is_told} or {"tickets"})


def test_what_silences_another_alert_names_alerts_that_there_are() -> None:
    names = {alert["alert"] for alert in ALERTS}
    for rule in yaml.safe_load(CONFIGURATION.read_text())["inhibit_rules"]:
        for matcher in rule["source_matchers"]:
            assert matcher.split('"')[1] in names


class Chat(http.server.BaseHTTPRequestHandler):
    """A chat that takes nothing at first."""

    texts: list[str]
    is_open = False

    def do_POST(self) -> None:
        text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
        if self.is_open:
            self.texts.append(text)
        self.send_response(200 if self.is_open else 503)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def chat() -> Iterator[tuple[str, type[Chat]]]:
    handler = type("OwnChat", (Chat,), {"texts": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", handler
    server.shutdown()
    server.server_close()


@pytest.fixture
def receiver(chat: tuple[str, type[Chat]], tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The example of a receiver: its port, and what it prints."""
    (port,) = find_free_ports(1)
    with (tmp_path / "receiver.log").open("wb") as log:
        command = [sys.executable, MONITORING / "alertmanager/receiver.py", str(port)]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"RECEIVER_CHAT_URL": chat[0]})
    wait_until(lambda: answers(f"http://127.0.0.1:{port}"), "the receiver", process)
    yield port, tmp_path / "receiver.log"
    process.kill()
    process.wait()


@pytest.fixture
def alertmanager(receiver: tuple[int, Path], tmp_path: Path) -> Iterator[str]:
    """A real Alertmanager with the project's routes, which waits for no others of a group; its address."""
    require("Alertmanager")
    text = CONFIGURATION.read_text().replace("receiver:9095", f"127.0.0.1:{receiver[0]}")
    assert "group_wait: 15s" in text
    (tmp_path / "own.yml").write_text(text.replace("group_wait: 15s", "group_wait: 0s"))
    (port,) = find_free_ports(1)
    words = [f"--config.file={tmp_path / 'own.yml'}", f"--storage.path={tmp_path / 'data'}"]
    words += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    with (tmp_path / "alertmanager.log").open("wb") as log:
        process = subprocess.Popen(["prometheus-alertmanager", *words], stdout=log, stderr=log)
    wait_until(lambda: answers(f"http://127.0.0.1:{port}/-/ready"), "Alertmanager", process)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=PATIENCE).ok
    except requests.RequestException:
        return False


def test_an_alert_reaches_the_chat_also_where_it_was_closed_at_first(
    alertmanager: str, receiver: tuple[int, Path], chat: tuple[str, type[Chat]]
) -> None:
    """Alertmanager sends again what was answered by an error: no alert is lost."""
    run_amtool(
        f"--alertmanager.url={alertmanager}", "alert", "add", "alertname=GroupTreatedUnequally", "severity=page",
        "about=fairness", "environment=prod", "--annotation=summary=prod: a group",
        "--annotation=runbook=docs/operating.md#grouptreatedunequally",
    )  # fmt: skip
    said = "firing: page: GroupTreatedUnequally: prod: a group (docs/operating.md#grouptreatedunequally)"
    wait_until(lambda: receiver[1].read_text().count("the chat did not take it: HTTPError") >= 2, "two refusals")
    chat[1].is_open = True
    wait_until(lambda: {f"on-call: {said}", f"fairness: {said}"} <= set(chat[1].texts), "both receivers")
    assert len(chat[1].texts) == 2


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"alerts": [{"status": "firing"}]}', b'{"alerts": [1]}'])
def test_what_is_no_alert_is_refused_and_ends_nothing(receiver: tuple[int, Path], body: bytes) -> None:
    address = f"http://127.0.0.1:{receiver[0]}"
    answer = requests.post(f"{address}/tickets", body, timeout=PATIENCE)
    assert (answer.status_code, "expected what Alertmanager sends" in answer.text) == (400, True)
    assert answers(address)


def test_a_chat_whose_address_is_none_is_refused_at_the_start() -> None:
    command = [sys.executable, MONITORING / "alertmanager/receiver.py"]
    env = os.environ | {"RECEIVER_CHAT_URL": "file:///etc/passwd"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stderr.startswith("error: RECEIVER_CHAT_URL: ")) == (1, True)
