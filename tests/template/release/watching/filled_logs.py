"""A decision log that is filled as a service does, with known treatment of groups, and watches over it."""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from credit.decision_log.log import DecisionLog
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from release.oncall.affected import load_decider
from release.watching.session import Look, Session
from release.watching.settings import Settings
from testing.decisions import make_record, write_each
from watch.params import WatchParams
from watch.streams import Judging

LABELS = ("paid", "race")

Decided = dict[tuple[str, str, str], list[tuple[str, str, str | None, float]]]
"""The decisions on all applicants, by digest, version, and whether the rule makes them: the same in every test."""


class Town:
    """The small lender's applicants, each with the decision of every version and of the rule.

    `find`: those whom the live version and another one decide so; race is told by whoever sends an application, and
    nothing that decides reads it. `decided`: what was decided in other tests about the same rows.
    """

    def __init__(self, store: Store, rows: list[dict[str, Any]], decided: Decided) -> None:
        self.store = store
        self.applications = [{name: value for name, value in row.items() if name not in LABELS} for row in rows]
        self._decided = decided

    def decide(self, entry: LedgerEntry) -> list[tuple[str, str, str | None, float]]:
        key = (entry.digest, entry.version, entry.kind if entry.kind == "fallback" else "")
        if key not in self._decided:
            decider = load_decider(self.store, entry)
            made = [decider.decide_inputs(one) for one in self.applications]
            self._decided[key] = [(one[0].decision, one[0].decided_by, one[1], one[0].score) for one in made if one[0]]
        return self._decided[key]

    def ask(self, people: list[tuple[int, str | None]]) -> list[dict[str, Any]]:
        """Make the requests of applicants, as clients send them."""
        return [{"application": self.applications[number], "protected": {"race": race}} for number, race in people]

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
            decision, by, because, score = decided[number]
            made = {"decision": decision, "decided_by": by, "rule_because": because, "decided_at": self.now}
            made |= {"score": score, "entry": entry.number, "version": entry.version, "digest": entry.digest}
            made |= {"inputs": self.town.applications[number], "protected": {"race": race}}
            records.append(make_record(**(made | changes)))
        return write_each(self.log, records)


PARAMS = {
    "acts": True,
    "at_least": None,
    "alpha": 0.01,
    "horizon_days": 180,
    "better_alpha": 0.01,
    "rescored": 20_000,
    "least_rescored": 0.9,
    "pause_days": 7,
    "failing_budget": 0.05,
    "failing_alpha": 0.01,
    "failing_least": 20,
    "drift_days": 7,
    "drift_alpha": 0.01,
    "drift_moved": 0.05,
    "refused_share": 0.02,
    "refused_alpha": 0.01,
    "outcome_days": (90, 180, 365),
    "outcome_alpha": 0.01,
    "least_known": 0.8,
    "outcome_stale_days": 60,
    "model_days": 730,
    "stale_hours": 24,
    "poll_seconds": 10,
}


def mix_people(
    number: int, reference: Sequence[int], members: Sequence[int], seed: int = 1
) -> list[tuple[int, str | None]]:
    """Mix applicants: 3 of the reference group for each one of the other."""
    rng = np.random.default_rng(seed)
    is_member = rng.random(number) < 0.25
    return [
        (int(rng.choice(members)), "Black") if member else (int(rng.choice(reference)), "white") for member in is_member
    ]


def harm(books: Books, live: LedgerEntry, number: int = 500, other: str = "approve", **changes: Any) -> None:
    """Write decisions: half of a group is denied, whom the rule would decide as `other`; the rest is approved."""
    town, by_rule = books.town, live.model_copy(update={"kind": "fallback"})
    approved, lost = town.find(live, "approve", by_rule, "approve"), town.find(live, "deny", by_rule, other)
    books.write(live, mix_people(number, approved, approved[:8] + lost[:8]), **changes)


def start(books: Books, environment: str = "prod", **params: Any) -> Session:
    """Start a watch without a file."""
    chosen = WatchParams.model_validate(PARAMS | params)
    settings = Settings(
        environment, chosen, Judging(0.8, chosen.alpha, chosen.horizon_days, chosen.failing_budget), 0.05
    )
    return Session(books.town.store, settings, lambda: nullcontext([books.log.database]), None)


def look(books: Books, environment: str = "prod", **params: Any) -> Look:
    """Look a moment after the last decision."""
    return start(books, environment, **params).look(books.now)


def read_newest(store: Store, environment: str = "prod") -> LedgerEntry:
    newest = Ledger(store, environment).read_newest()
    assert newest is not None
    return newest


def assert_untouched(found: Look, store: Store, live: LedgerEntry, why: str, environment: str = "prod") -> None:
    """Check that there is an alarm, that nothing was done about it, and that it is said why."""
    assert found.word == "alarm"
    assert found.action is not None
    assert found.action.rollout is None
    assert why in found.action.why_not
    assert read_newest(store, environment) == live


def damage_bundle(store: Store, entry: LedgerEntry) -> None:
    """Damage the model of an entry's version in the store, which nothing needs that reads its contract only."""
    (name,) = [one for one in store.list_children(f"bundles/{entry.digest}")[1] if one.endswith(".onnx")]
    store.delete(f"bundles/{entry.digest}/{name}")
    assert store.create(f"bundles/{entry.digest}/{name}", b"damaged")


def change_params(folder: Path, **changes: Any) -> None:
    """Change the block `watch` of the parameters in a folder."""
    path = folder / "params.yaml"
    content = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    content["watch"] |= changes
    path.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper), encoding="utf-8")
