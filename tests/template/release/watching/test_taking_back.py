"""A version that treats a group unequally is taken back, to whoever decides the same applicants better, or nowhere."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store

Command = Callable[..., tuple[int, Any]]
WATCH = ("watch", "--env", "prod", "--once")


def mix_people(
    number: int, reference: Sequence[int], members: Sequence[int], seed: int = 1
) -> list[tuple[int, str | None]]:
    """Mix applicants: 3 of the reference group for each one of the other."""
    rng = np.random.default_rng(seed)
    is_member = rng.random(number) < 0.25
    return [
        (int(rng.choice(members)), "Black") if member else (int(rng.choice(reference)), "white") for member in is_member
    ]


def test_an_alarm_takes_the_version_back_to_the_one_before(
    released: Store, books: Any, live: LedgerEntry, before: LedgerEntry, command: Command
) -> None:
    town = books.town
    approved, lost = town.find(live, "approve", before, "approve"), town.find(live, "deny", before, "approve")
    assert min(len(approved), len(lost)) >= 8
    books.write(live, mix_people(1500, approved, approved[:8] + lost[:8]))
    code, told = command(*WATCH)
    print(told)
    assert code == 3
    assert "taken back: entry 3, rollback of v1.0.0" in told
    newest = Ledger(released, "prod").read_newest()
    assert newest is not None
    assert (newest.actor, newest.kind, newest.version, newest.number) == ("watch", "rollback", "v1.0.0", 3)
