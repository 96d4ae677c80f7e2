"""Log, health, metrics, page and answers say the same of who decides, whatever came to pass."""

import os
import re
import signal
from pathlib import Path
from typing import Any, NamedTuple

from credit.registry.ledger import Ledger
from credit.registry.store import Store
from release.deployment.apply import apply_change
from release.deployment.change import Attribution
from release.deployment.plan import plan_fallback
from testing.parts.servers import wait_until
from testing.releases import deploy_versions
from testing.services import Service, run_service

Asked = list[dict[str, Any]]
LINE = re.compile(r": the (rule|model) decides\b(.*)")
"""Of the log: who decides from now on."""


class Said(NamedTuple):
    """Who decides, as each place says it: the last such line of the log, and an answer now."""

    log: str
    health: str
    metric: str
    page: str
    answer: str


def listen(service: Service, asked: Asked) -> Said:
    (*_, (log, _)) = LINE.findall(service.log.read_text())
    health, metrics = service.read_health(), service.get("/metrics").text
    is_rule = re.search(r"^service_rule_decides(?:\{.*\})? (\S+)$", metrics, re.MULTILINE)
    headline = re.search(r"The (rule|model) decides", service.get("/").text)
    assert is_rule
    assert headline
    return Said(
        log,
        health["decides"],
        "rule" if float(is_rule[1]) else "model",
        headline[1],
        service.decide(asked[0]).json()["decided_by"],
    )


def wait_for(service: Service, asked: Asked, decider: str) -> str:
    """Wait until all say that it decides, as the log does within a second; give the log's words."""
    wait_until(lambda: set(listen(service, asked)) == {decider}, f"everybody who says that the {decider} decides")
    return LINE.findall(service.log.read_text())[-1][1]


def test_a_model_a_rule_that_is_the_champion_and_a_kill_switch(service: Service, released: Store, asked: Asked) -> None:
    """The log said that its champion decides, while answers said the rule."""
    assert set(listen(service, asked)) == {"model"}
    assert LINE.findall(service.log.read_text()) == [("model", ", of v2.0.0")]
    deploy_versions(released, "v1.0.0")
    wait_until(lambda: service.read_health()["entry"] == 3, "the rule")
    assert wait_for(service, asked, "rule").startswith(", of v1.0.0: no model in this version")
    deploy_versions(released, "v2.0.0")
    wait_until(lambda: service.read_health()["entry"] == 4, "the model again")
    assert wait_for(service, asked, "model") == ", of v2.0.0"
    apply_change(released, plan_fallback(Ledger(released, "prod"), Attribution("it went wrong", "tester")))
    wait_until(lambda: service.read_health()["entry"] == 5, "the kill switch")
    assert wait_for(service, asked, "rule") == ", of v2.0.0: fallback to the rule: it went wrong"


def test_a_model_of_which_nobody_knows_whether_it_was_killed(released: Store, asked: Asked, tmp_path: Path) -> None:
    with run_service(released.url, tmp_path / "state") as service:
        service.wait()
    (tmp_path / "state/followed.json").write_bytes(b"\0" * 512)
    (tmp_path / "state/process.log").unlink()
    moved = Path(released.url).rename(tmp_path / "moved")
    with run_service(released.url, tmp_path / "state", SERVICE_START_SECONDS="0.1") as service:
        assert set(listen(service.wait("degraded"), asked)) == {"rule"}
        assert LINE.findall(service.log.read_text())[-1][1].startswith(", of v2.0.0: no version is certain")
        moved.rename(released.url)
        service.wait()
        assert wait_for(service, asked, "model") == ", of v2.0.0"


def test_a_model_that_is_left_alone_because_it_is_too_slow(released: Store, asked: Asked, tmp_path: Path) -> None:
    """Every answer was the rule's, and the last that the log said was that the model decides."""
    file = tmp_path / "settings"
    file.write_text("SERVICE_MODEL_SECONDS=0.000001\n")
    own = {"SERVICE_SETTINGS_FILE": str(file), "SERVICE_MODEL_SECONDS": ""}
    with run_service(released.url, tmp_path / "state", **own) as service:
        assert set(listen(service.wait(), asked)) >= {"model"}, "nothing is known yet of its model"
        said = wait_for(service, asked, "rule")
        assert said == ", as the model of v2.0.0 is too slow and is left alone"
        file.write_text("SERVICE_MODEL_SECONDS=60\n")
        os.kill(service.process.pid, signal.SIGHUP)
        assert wait_for(service, asked, "model") == " again, of v2.0.0"
        (only,) = re.findall(r".*: the model decides again.*", service.log.read_text())
        assert "single applications" in only
