"""A night on call, with a real service: what it decided, who is affected by a version, and the way back."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from credit.bundle.bundle import load_bundle
from credit.registry.ledger import Ledger
from credit.registry.store import Store
from credit.registry.versions import require_version
from release.deployment.apply import apply_change
from release.deployment.change import Condition
from release.deployment.plan import plan_deployment, plan_fallback, plan_rollback
from release.oncall.affected import count_changes, decide_again, load_decider
from release.oncall.service_reports import LoggedDecision
from service.engine.loading import load_packed, pack_version
from testing.parts.servers import find_free_ports, wait_until
from testing.releases import WHY
from testing.services import Service

Command = Callable[..., tuple[int, Any]]
Asked = list[dict[str, Any]]


def decide(service: Service, asked: Asked) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = service.decide({"applications": asked}, "/v1/decisions/batch").json()["decisions"]
    return answers


def follow(service: Service, number: int) -> None:
    wait_until(lambda: service.get("/v1/version").json()["entry"] == number, f"entry {number}")


def test_status_tells_all_that_is_needed_at_night_and_affected_who_was_decided(
    service: Service,
    asked: Asked,
    released: Store,
    command: Command,
    bundles: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (nobody,) = find_free_ports(1)
    monkeypatch.setenv("RELEASE_SERVICE_URL", service.url)
    answers = decide(service, asked[:200])
    counts = Counter(answer["decision"] for answer in answers)
    words = f"{counts['approve']} approved, {counts['refer']} referred, {counts['deny']} denied"

    code, told = command("status", "--env", "prod")
    assert code == 0
    assert f"decided    200 since {Ledger(released, 'prod').read_entry(2).time:%Y-%m-%d %H:%M:%S} UTC: {words}" in told
    whites = [a for a, one in zip(answers, asked, strict=False) if one["protected"]["race"] == "white"]
    share = sum(a["decision"] == "approve" for a in whites) / len(whites)
    assert f"approved by race: white {share:.0%} of {len(whites)}, Black " in told
    assert "alarms     none" in told
    assert "v1.0.0 is whole and reads what clients send now" in told
    back = "release rollback --env prod --from 2 --reason '...'"
    assert told.splitlines()[-4:-1] == [
        f"back:      {back}",
        "rule:      release rollback --env prod --to rule --reason '...'",
        "who:       release affected v2.0.0 --env prod",
    ]

    apply_change(released, plan_rollback(Ledger(released, "prod"), WHY))
    code, told = command("affected", "v2.0.0", "--env", "prod", "--out", str(tmp_path / "affected.parquet"))
    assert code == 0
    again = load_bundle(bundles("heuristic")).decide([one["application"] for one in asked[:200]])
    pairs = Counter((a["decision"], now.decision) for a, now in zip(answers, again, strict=True))
    changed = sum(count for (was, now), count in pairs.items() if was != now)
    assert changed > 20
    assert told.startswith("v2.0.0 made 200 decisions from ")
    assert f"v1.0.0, which is live, would decide {changed} of them differently:\n" in told
    row = next(line for line in told.splitlines() if line.startswith("was deny"))
    assert [int(cell) for cell in row.split()[2:]] == [pairs["deny", k] for k in ("approve", "refer", "deny")] + [0]
    table = pd.read_parquet(tmp_path / "affected.parquet").set_index("id")
    for answer, now in zip(answers, again, strict=True):
        one = table.loc[answer["id"]]
        assert (one["decision"], list(one["reasons"]), one["caller"]) == (
            answer["decision"],
            answer["reasons"],
            "anybody",
        )
        assert (one["now_decision"], list(one["now_reasons"])) == (now.decision, list(now.reasons))
        assert one["changed"] == (now.decision != answer["decision"])
    code, told = command("affected", "v2.0.0", "--env", "prod", "--json")
    assert [one["id"] for one in told["decisions"]] == list(table.index)
    assert (told["changed"], told["not_decided"], told["live"]) == (changed, 0, "v1.0.0")
    code, told = command("affected", "v2.0.0", "--env", "prod", "--out", str(tmp_path / "affected.parquet"))
    assert (code, told.count("\n")) == (1, 1)
    assert "a file that is there already" in told

    follow(service, 3)
    decide(service, [{"application": {"points": 700}}])  # enough for the rule
    apply_change(released, plan_fallback(Ledger(released, "prod"), WHY))
    follow(service, 4)
    after_rule = Condition(after_rule=True)
    apply_change(
        released,
        plan_deployment(Ledger(released, "prod"), require_version(released, "v3.0.0"), WHY, after_rule),
    )
    follow(service, 5)
    said = service.decide({"application": {"points": 700}}).json()
    assert said["decided_by"] == "rule", "the live model cannot score it"
    code, told = command("affected", "v1.0.0", "--env", "prod")
    assert f"the rule would decide 1 of them: {said['rule_because']}" in told
    code, told = command("affected", "v1.0.0", "--env", "prod", "--json")
    one = told["decisions"][-1]
    assert told["not_decided"] == 0
    for name in ("decision", "score", "reasons", "reason_codes", "decided_by", "rule_because"):
        assert one[f"now_{name}"] == said[name], "what the service says"

    monkeypatch.setenv("RELEASE_SERVICE_URL", f"{service.url},http://127.0.0.1:{nobody}")
    code, told = command("status", "--env", "prod", "--json")
    (alarm,) = told["environments"]["prod"]["alarms"]
    assert alarm == f"http://127.0.0.1:{nobody}: no answer ([Errno 111] Connection refused)"
    assert told["environments"]["prod"]["decided"][service.url]["total"] == 1
    code, told = command("affected", "v3.0.0", "--env", "prod")
    assert code == 1
    assert told.startswith(f"error: http://127.0.0.1:{nobody}: no list of decisions (")


def test_an_application_that_was_erased_is_told_to_be_undecided_and_the_kill_switch_says_what_the_service_would(
    released: Store, rows: list[dict[str, Any]]
) -> None:
    def log(inputs: dict[str, Any] | None) -> LoggedDecision:
        made = {"id": "1", "decided_at": datetime.now(UTC), "decision": "deny", "score": 0.1, "reasons": []}
        made |= {"decided_by": "model", "rule_because": None, "version": "v2.0.0", "digest": "d", "entry": 2}
        return LoggedDecision.model_validate(
            made | {"caller": "c", "idempotency_key": None, "repeat_of": None, "inputs": inputs}
        )

    ledger = Ledger(released, "prod")
    live = ledger.read_newest()
    assert live is not None
    (erased,) = decide_again(load_decider(released, live), live, [log(None)])
    assert (erased.now, erased.why_not) == (None, "its inputs were erased")
    assert count_changes([erased])[2] == [0, 0, 0, 1]
    entry = apply_change(released, plan_fallback(ledger, WHY))
    assert entry is not None
    serving = load_packed(pack_version(released, "prod"))
    logged = [log(rows[0]), log({"income": 10.0})]
    known, unread = decide_again(load_decider(released, entry), entry, logged)
    assert (known.now, known.rule_because) == serving.decide(rows[0])
    assert (unread.now, unread.rule_because) == serving.accept_anything().decide({"income": 10.0})
    assert unread.now is not None
    assert unread.now.decision == "refer", "not even the rule can read it"


def damage(store: Store, digest: str) -> None:
    """Change one byte of a published model."""
    assert store.folder is not None
    model = store.folder / f"bundles/{digest}/model.onnx"
    content = model.read_bytes()
    model.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def test_a_service_that_decides_by_another_entry_and_its_own_problems_are_alarms(
    service: Service, released: Store, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """v3.0.0 is live, and was damaged after it was checked: the service goes on with v2.0.0."""
    monkeypatch.setenv("RELEASE_SERVICE_URL", service.url)
    ledger = Ledger(released, "prod")
    change = plan_deployment(ledger, require_version(released, "v3.0.0"), WHY)
    assert change.entry is not None
    damage(released, change.entry.digest)
    ledger.append_entry(change.entry)
    wait_until(lambda: service.read_health()["status"] == "degraded", "the refusal of v3.0.0")
    code, told = command("status", "--env", "prod")
    assert code == 0
    assert f"alarms     {service.url}: it decides by v2.0.0, entry 2\n" in told
    (problem,) = service.read_health()["problems"]
    assert f"           {service.url}: {problem}\n" in told
    assert "v2.0.0 is whole; what it makes of clients is not known: the live one is not readable" in told
    damage(released, ledger.read_entry(2).digest)
    code, told = command("status", "--env", "prod")
    assert "v2.0.0 cannot be returned to: " in told
    assert "model.onnx" in told


def test_nobody_to_ask_is_said_and_hides_nothing(released: Store, command: Command, monkeypatch: Any) -> None:
    code, told = command("status", "--env", "prod")
    assert code == 0
    assert "decided    not known: RELEASE_SERVICE_URL names no service to ask" in told
    code, told = command("affected", "v2.0.0", "--env", "prod")
    assert (code, told.count("\n")) == (1, 1)
    assert "RELEASE_SERVICE_URL: found nothing, expected the address of the service whose log" in told
    monkeypatch.setenv("RELEASE_SERVICE_URL", "prod.example.org")
    code, told = command("status", "--env", "prod")
    assert code == 0
    assert "alarms     RELEASE_SERVICE_URL: found 'prod.example.org'" in told
    assert "v1.0.0 is whole" in told


def test_what_was_learnt_later_is_shown_with_its_entry_and_by_status(released: Store, command: Command) -> None:
    code, told = command("note", "2", "--env", "prod", "--text", "Two columns\nwere swapped")
    assert (code, told.splitlines()[0]) == (0, "prod: note 1 on entry 2, the deploy of v2.0.0")
    command("note", "1", "--env", "prod", "--text", "Older")
    code, told = command("history", "--env", "prod")
    lines = [line.split() for line in told.splitlines()[:-1]]
    assert [(line[1], line[-3:]) for line in lines[::2]] == [
        ("2", ["tester:", "a", "test"]),
        ("1", ["tester:", "a", "test"]),
    ]
    assert [line[3:] for line in lines[1::2]] == [
        ["note", "on", "call:", "Two", "columns", "were", "swapped"],
        ["note", "on", "call:", "Older"],
    ]
    code, told = command("status", "--env", "prod")
    assert "           note by on call: Two columns were swapped\n" in told
    code, told = command("history", "--env", "prod", "--json")
    assert [[note["text"] for note in one["notes"]] for one in told["environments"]["prod"]] == [
        ["Two columns were swapped"],
        ["Older"],
    ]
    for arguments, said in (
        (("9", "--text", "x"), "no such entry of the ledger"),
        (("0", "--text", "x"), "'ENTRY'"),
        (("1", "--text", " "), "an empty text; say what was learnt"),
        (("1", "--text", "\x1b[31m"), "expected a text without control characters"),
    ):
        code, told = command("note", *arguments, "--env", "prod")
        assert code in (1, 2)
        assert told.count("\n") == 1
        assert said in told
    assert released.folder is not None
    (released.folder / "notes/prod/000000002/000000001.json").write_bytes(b"{")
    code, told = command("history", "--env", "prod")
    assert (code, told.count("error: ")) == (1, 1)
    code, told = command("status", "--env", "prod")
    assert (code, told.count("alarms     ")) == (0, 1)
