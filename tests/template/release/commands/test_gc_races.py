"""Whatever `release gc` and a publish do at the same moment, no version is without its bytes."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from credit.common.errors import CreditError
from credit.registry import versions
from credit.registry.names import parse_version
from credit.registry.store import Store
from release.commands.gc import drop_garbage
from testing.parts.servers import PATIENCE

V1 = parse_version("v1.0.0")
OPERATIONS = ("create", "read", "list_children", "find_last_write", "delete")


class WatchedStore(Store):
    """A store that calls `before` ahead of each operation, with the operation's name and its first argument."""

    def __init__(self, url: str, before: Callable[[str, str], None]) -> None:
        super().__init__(url)
        self._before = before

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in OPERATIONS:
            return found

        def operate(place: str, *arguments: Any) -> Any:
            self._before(name, place)
            return found(place, *arguments)

        return operate


@pytest.fixture
def leftover(disk: Store, publish: Callable[..., versions.VersionRecord]) -> Path:
    """What a publish left that was killed yesterday, just before it wrote the record: every file of the bundle."""
    assert disk.folder is not None
    record = publish(disk, str(V1))
    (disk.folder / f"versions/{V1}.json").unlink()
    for path in (disk.folder / f"bundles/{record.digest}").iterdir():
        os.utime(path, (time.time() - 86_400,) * 2)
    return disk.folder


def copy_stores(leftover: Path) -> Iterator[str]:
    """Copy the store for each next attempt, with its times."""
    for number in range(1000):
        to = leftover.with_name(f"attempt{number}")
        shutil.copytree(leftover, to)
        yield str(to)


def collect(url: str, at: int, then: Callable[[], None]) -> bool:
    """Drop garbage, with something done before operation `at`; return whether there were so many."""
    done: list[str] = []

    def before(name: str, place: str) -> None:
        done.append(f"{name} {place}")
        if len(done) == at + 1:
            then()

    drop_garbage(WatchedStore(url, before))
    return len(done) > at


def require_whole(url: str) -> None:
    store = Store(url)
    versions.load_stored_bundle(store, versions.require_version(store, str(V1)))


def test_a_resumed_publish_that_ends_at_any_moment_of_gc_keeps_its_bytes(
    leftover: Path, bundles: Callable[[str], Path]
) -> None:
    """It was announced before, and finds all files there, so nothing in the store is younger than yesterday."""
    for at, url in enumerate(copy_stores(leftover)):
        reached, go_on = threading.Event(), threading.Event()

        def wait_before_record(name: str, place: str, reached: Any = reached, go_on: Any = go_on) -> None:
            if name == "create" and place.startswith("versions/"):
                reached.set()
                go_on.wait(PATIENCE)

        store = WatchedStore(url, wait_before_record)
        publisher = threading.Thread(
            target=versions.publish_bundle, args=(store, V1, bundles("heuristic"), "0" * 40, "tester")
        )
        publisher.start()
        reached.wait(PATIENCE)

        def finish(go_on: Any = go_on, publisher: Any = publisher) -> None:
            go_on.set()
            publisher.join()

        was_there = collect(url, at, finish)
        finish()
        require_whole(url)
        if not was_there:
            break
    assert at > 5, "gc asks the store more often than that"


def test_a_publish_that_begins_at_any_moment_of_gc_is_whole_or_refused_and_the_same_command_again_completes_it(
    leftover: Path, bundles: Callable[[str], Path]
) -> None:
    refusals = 0
    for at, url in enumerate(copy_stores(leftover)):
        store, told = Store(url), list[str]()

        def publish_now(store: Store = store, told: list[str] = told) -> None:
            try:
                versions.publish_bundle(store, V1, bundles("heuristic"), "0" * 40, "tester")
            except CreditError as error:
                told.append(str(error))

        was_there = collect(url, at, publish_now)
        refusals += len(told)
        if told:
            assert "release gc is dropping what a killed publish left of this bundle; run the same command" in told[0]
            assert versions.find_version(store, V1) is None
        if told or not was_there:
            versions.publish_bundle(store, V1, bundles("heuristic"), "0" * 40, "tester")
        require_whole(url)
        if not was_there:
            break
    assert refusals > 1, "gc was at it"
