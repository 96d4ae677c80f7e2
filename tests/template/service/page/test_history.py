"""The history of an environment, read from a real store."""

from collections.abc import Callable
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from credit.registry.ledger import Ledger
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from service.page.history import LedgerHistory
from testing.releases import deploy_versions


@pytest.fixture
def history(released: Store, monkeypatch: pytest.MonkeyPatch) -> LedgerHistory:
    """Of at most three lines."""
    monkeypatch.setenv("RELEASE_STORE", released.url)
    return LedgerHistory("prod", 3)


def versions(history: LedgerHistory) -> list[tuple[int, str | None]]:
    return [(line.number, line.entry and line.entry.version) for line in history.read()]


def test_the_newest_lines_come_first_and_old_ones_are_left_out(history: LedgerHistory, released: Store) -> None:
    assert versions(history) == [(2, "v2.0.0"), (1, "v1.0.0")]
    deploy_versions(released, "v3.0.0", "v1.0.0")
    assert versions(history) == [(4, "v1.0.0"), (3, "v3.0.0"), (2, "v2.0.0")]
    assert [line.number for line in history.known_lines] == [4, 3, 2]


def test_an_entry_that_is_not_valid_has_its_line(history: LedgerHistory, released: Store) -> None:
    released.create("environments/prod/000000000/000000003.json", b"{}")
    assert versions(history) == [(3, None), (2, "v2.0.0"), (1, "v1.0.0")]


def test_a_store_that_goes_away_is_not_taken_for_entries_that_are_not_valid(
    history: LedgerHistory, released: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.read()
    deploy_versions(released, "v3.0.0")
    asked = Ledger.find_last_number

    def length(ledger: Ledger) -> int:
        """Answers once; then the store is away."""
        number = asked(ledger)
        (tmp_path / "store").rename(tmp_path / "gone")
        (tmp_path / "store").write_text("a file where a folder should be")
        return number

    monkeypatch.setattr(Ledger, "find_last_number", length)
    with pytest.raises(CreditError):
        history.read()
    assert [line.number for line in history.known_lines] == [2, 1]


def test_nothing_was_ever_deployed(
    publish: Callable[..., VersionRecord], disk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(disk, "v1.0.0")
    monkeypatch.setenv("RELEASE_STORE", disk.url)
    assert LedgerHistory("staging").read() == []
