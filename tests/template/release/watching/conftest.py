"""A store in which v2.0.0 is live after v1.0.0, and a log that its decisions are written to as the service does."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filled_logs import Books, Decided, Town, change_params

from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from testing.lenders.frozen import ROOT
from testing.services import asked, released, service

__all__ = ["asked", "released", "service"]


@pytest.fixture(scope="session")
def decided() -> Decided:
    """Filled by the towns of all tests."""
    return {}


@pytest.fixture
def town(released: Store, rows: list[dict[str, Any]], decided: Decided) -> Town:
    return Town(released, rows, decided)


@pytest.fixture
def books(town: Town, tmp_path: Path) -> Iterator[Books]:
    made = Books(town, tmp_path / "state")
    yield made
    made.log.close()


@pytest.fixture
def command(
    command: Callable[..., tuple[int, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, Any]]:
    """Run `release` in a folder with the parameters of the template."""
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text(encoding="utf-8"))
    change_params(tmp_path, stale_hours=1e9)
    monkeypatch.setenv("SERVICE_STATE", str(tmp_path / "state"))
    return command


@pytest.fixture
def live(released: Store) -> LedgerEntry:
    """The entry of v2.0.0."""
    return Ledger(released, "prod").read_entry(2)


@pytest.fixture
def before(released: Store) -> LedgerEntry:
    """The entry of v1.0.0."""
    return Ledger(released, "prod").read_entry(1)
