"""People who are sent to a running service, some with other values: it decides them all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from credit.registry.store import Store
from release.commands import rehearse
from release.deployment import service_client
from testing.services import Service, released, service

__all__ = ["released", "service"]


@pytest.fixture
def table(rows: list[dict[str, Any]], tmp_path: Path) -> str:
    path = tmp_path / "people.parquet"
    pd.DataFrame(rows).to_parquet(path)
    return str(path)


def test_people_are_decided_by_the_live_version_and_changed_values_are_counted_and_count(
    service: Service, table: str, command: Callable[..., tuple[int, Any]]
) -> None:
    send = ("rehearse", table, "--env", "prod", "--to", service.url, "--people", "150", "--json")
    code, told = command(*send)
    assert (code, told["changed"], told["protected"]) == (0, 0, ["race"])
    assert sum(told["decided"]["v2.0.0"].values()) == 150
    code, changed = command(*send, "--change", "income=0", "--change", "bureau_1=-9", "--of", "race=Black")
    assert (code, 0 < changed["changed"] < 150) == (0, True)
    assert changed["decided"]["v2.0.0"]["approve"] < told["decided"]["v2.0.0"]["approve"], "the same people"


def test_a_wrong_column_a_wrong_value_or_nobody_to_change_is_one_line(
    service: Service, table: str, command: Callable[..., tuple[int, Any]]
) -> None:
    send = ("rehearse", table, "--env", "prod", "--to", service.url, "--people", "50")
    for options, words in (
        (("--change", "incom=0"), "--change incom=0: found no field of an application"),
        (("--change", "income=0", "--of", "race=Martian"), "--of race=Martian: nobody of the 50 people"),
        (("--change", "income=much"), "0 of 50 people were decided before"),
    ):
        code, told = command(*send, *options)
        assert (code, words in told, told.count("\n")) == (1, True, 1), told


def test_nobody_is_sent_to_a_service_before_it_follows_the_newest_entry(
    service: Service, table: str, command: Callable[..., tuple[int, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    send = ("rehearse", table, "--env", "prod", "--to", service.url, "--people", "5")
    ask = service_client._ask_version
    older = [service_client._Reply(0, "v0.9.0", "it reports v0.9.0, entry 0")] * 2
    monkeypatch.setattr(service_client, "_ask_version", lambda *asked: older.pop() if older else ask(*asked))
    code, told = command(*send)
    assert (code, older) == (0, [])
    assert "v2.0.0: " in told
    monkeypatch.setattr(rehearse, "_FOLLOW_SECONDS", 0)
    older.append(service_client._Reply(0, "v0.9.0", "it reports v0.9.0, entry 0"))
    code, told = command(*send)
    assert (code, told.count("\n")) == (1, 1)
    assert "found v0.9.0, entry 0, expected entry 2, the newest of prod; does it serve prod" in told


def test_a_service_that_is_not_there_is_one_line(
    released: Store, table: str, command: Callable[..., tuple[int, Any]]
) -> None:
    code, told = command("rehearse", table, "--env", "prod", "--to", "http://127.0.0.1:9", "--people", "5")
    assert (code, told.count("\n")) == (1, 1)
    assert "0 of 5 people were decided before" in told
