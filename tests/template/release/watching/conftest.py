"""A store in which v2.0.0 is live after v1.0.0, and a log that its decisions are written to as the service does."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from credit.common.errors import run_command
from credit.decision_log.log import DecisionLog
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from release.__main__ import main
from release.oncall.affected import LiveDecider
from testing.decisions import make_record, write_each
from testing.lenders.frozen import ROOT
from testing.services import asked, released, service

__all__ = ["asked", "released", "service"]

Application = dict[str, Any]
LABELS = ("paid", "race")


class Town:
    """The small lender's applicants, each with the decision of every version and of the rule.

    `find`: those whom the live version and another one decide so; race is told by whoever sends an application, and
    nothing that decides reads it.
    """

    def __init__(self, store: Store, rows: list[dict[str, Any]]) -> None:
        self.store = store
        self.applications = [{name: value for name, value in row.items() if name not in LABELS} for row in rows]
        self._decided: dict[tuple[str, str], list[tuple[str, str, str | None]]] = {}

    def decide(self, entry: LedgerEntry) -> list[tuple[str, str, str | None]]:
        key = (entry.version, entry.kind if entry.kind == "fallback" else "")
        if key not in self._decided:
            decider = LiveDecider(self.store, entry)
            made = [decider.decide_inputs(one) for one in self.applications]
            self._decided[key] = [
                (one.decision.decision, one.decision.decided_by, one.rule_because) for one in made if one.decision
            ]
        return self._decided[key]

    def find(self, entry: LedgerEntry, kind: str, other: LedgerEntry, other_kind: str) -> list[int]:
        pairs = zip(self.decide(entry), self.decide(other), strict=True)
        return [i for i, (a, b) in enumerate(pairs) if (a[0], b[0]) == (kind, other_kind)]


class Books:
    """The decision log of a service, filled without one."""

    def __init__(self, town: Town, state: Path) -> None:
        self.town, self.state = town, state
        self.log = DecisionLog(f"sqlite:///{state}/decisions.db", state)
        self.now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def write(self, entry: LedgerEntry, people: list[tuple[int, str | None]], **changes: Any) -> list[dict[str, Any]]:
        """Write decisions of an entry on applicants by their number, each with a race; a minute between two."""
        decided = self.town.decide(entry)
        records = []
        for number, race in people:
            self.now += timedelta(minutes=1)
            decision, by, because = decided[number]
            made = {"decision": decision, "decided_by": by, "rule_because": because, "decided_at": self.now}
            made |= {"entry": entry.number, "version": entry.version, "digest": entry.digest}
            made |= {"inputs": self.town.applications[number], "protected": {"race": race}}
            records.append(make_record(**(made | changes)))
        return write_each(self.log, records)


@pytest.fixture
def town(released: Store, rows: list[dict[str, Any]]) -> Town:
    return Town(released, rows)


@pytest.fixture
def books(town: Town, tmp_path: Path) -> Iterator[Books]:
    made = Books(town, tmp_path / "state")
    yield made
    made.log.close()


@pytest.fixture
def command(
    disk: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, Any]]:
    """Run `release` in a folder with the parameters of the template: the code, and its JSON or its text."""
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text(encoding="utf-8"))
    change_params(tmp_path, stale_hours=1e9)
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "GIT_CEILING_DIRECTORIES": "/",
        "RELEASE_STORE": disk.url,
        "RELEASE_ACTOR": "on call",
        "SERVICE_STATE": str(tmp_path / "state"),
    }.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, Any]:
        with pytest.raises(SystemExit) as left:
            run_command(lambda: main(arguments))
        told = capsys.readouterr()
        if "--json" in arguments and told.out:
            return int(left.value.code or 0), json.loads(told.out)
        return int(left.value.code or 0), told.out + told.err

    return run


def change_params(folder: Path, **changes: Any) -> None:
    """Change the block `watch` of the parameters in a folder."""
    path = folder / "params.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["watch"] |= changes
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


@pytest.fixture
def live(released: Store) -> LedgerEntry:
    """The entry of v2.0.0."""
    return Ledger(released, "prod").read_entry(2)


@pytest.fixture
def before(released: Store) -> LedgerEntry:
    """The entry of v1.0.0."""
    return Ledger(released, "prod").read_entry(1)
