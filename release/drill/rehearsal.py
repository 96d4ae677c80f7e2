"""Rehearse publish, deploy, rollback and the kill switch in a throwaway place, with a live reader polling.

The commands are the real ones, each a process of its own, on the real store below a prefix that is removed afterwards.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from credit.common.errors import CreditError, Problem
from credit.common.temporary import make_temporary_folder
from credit.registry import versions
from credit.registry.identity import probe_store
from credit.registry.ledger import Ledger
from credit.registry.names import Version, parse_version
from credit.registry.store import Store
from release.deployment.approval import APPROVER_VARIABLE
from release.repository.dvc_outputs import BUNDLE_PATH
from release.repository.git import find_actor

DRILL_ENVIRONMENT = "prod"
DRILLS_PREFIX = "drills"
"""Where in the store drills are held. Each removes its own; of one that is killed, `release gc` does."""

_TIMEOUT_SECONDS = 30.0
_RACING_WRITERS = 8
_PROJECT_ROOT = Path(__file__).parents[2]


class Step(NamedTuple):
    """A timed step. `command`: seconds until its entry was written; `seen`: from there until the reader used it."""

    name: str
    command: float
    seen: float | None


class DrillResult(NamedTuple):
    """The steps of a drill, how many applications the reader decided meanwhile, and which it lost."""

    versions: tuple[str, str]
    steps: list[Step]
    answered: int
    lost: list[str]


def rehearse(store: Store) -> DrillResult:
    """Run all steps below a prefix of the store that is removed afterwards. Raises CreditError when one fails."""
    name = f"{DRILLS_PREFIX}/{uuid4().hex}"
    place = store.open_prefix(name)
    probe_store(place, _RACING_WRITERS)
    try:
        with make_temporary_folder() as temporary, _fetch_bundles(store) as (first, second):
            return _run_steps(place, temporary, first, second)
    finally:
        store.delete(name)


def _run_steps(place: Store, folder: Path, first: tuple[Version, Path], second: tuple[Version, Path]) -> DrillResult:
    steps = [_time_publish(place, *first)]
    ledger = Ledger(place, DRILL_ENVIRONMENT)
    steps.append(Step(f"deploy {first[0]}", _time_command(place, folder, ledger, "deploy", str(first[0])), None))
    with _run_reader(place, folder) as answers:
        _wait_for_decision(answers, ledger.find_last_number())
        steps.append(_time_publish(place, *second))
        for words in (["deploy", str(second[0])], ["rollback"], ["rollback", "--to", "rule"]):
            seconds = _time_command(place, folder, ledger, *words)
            entry = ledger.read_entry(ledger.find_last_number())
            steps.append(
                Step(" ".join(words), seconds, _wait_for_decision(answers, entry.number) - entry.time.timestamp())
            )
    read = _read_answers(answers)
    lost = [message for _, number, message in read if not number or message]
    return DrillResult((str(first[0]), str(second[0])), steps, len(read), lost)


@contextmanager
def _fetch_bundles(store: Store) -> Iterator[tuple[tuple[Version, Path], tuple[Version, Path]]]:
    """Fetch the bundles of the two newest published versions, else take the working tree's under two names."""
    records = [
        record for version in versions.list_versions(store)[-2:] if (record := versions.find_version(store, version))
    ]
    if len(records) == 2:
        with (
            versions.fetch_temporarily(store, records[0]) as one,
            versions.fetch_temporarily(store, records[1]) as other,
        ):
            yield (parse_version(records[0].version), one), (parse_version(records[1].version), other)
        return
    if not Path(BUNDLE_PATH).is_dir():
        fix = "release publish two versions, or dvc pull models/bundle"
        raise CreditError(Problem(f"the store {store.url}", "fewer than two versions", "two to rehearse with", fix))
    yield (Version(0, 0, 1), Path(BUNDLE_PATH)), (Version(0, 0, 2), Path(BUNDLE_PATH))


def _time_publish(place: Store, version: Version, bundle: Path) -> Step:
    start = time.perf_counter()
    versions.publish_bundle(place, version, bundle, "0" * 40, find_actor())
    return Step(f"publish {version}", time.perf_counter() - start, None)


def _time_command(place: Store, folder: Path, ledger: Ledger, *words: str) -> float:
    """Run a command of `release` where there is no git; returns the seconds until its entry was in the ledger."""
    start = time.time()
    command = [sys.executable, "-m", "release", *words, "--env", DRILL_ENVIRONMENT, "--reason", "a drill"]
    done = subprocess.run(command, cwd=folder, env=_build_variables(place), capture_output=True, text=True, check=False)
    if done.returncode:
        message = (done.stderr or done.stdout).strip()[-300:]
        raise CreditError(Problem(f"release {' '.join(words)}", f"failed: {message}"))
    return ledger.read_entry(ledger.find_last_number()).time.timestamp() - start


@contextmanager
def _run_reader(place: Store, folder: Path) -> Iterator[Path]:
    """Run a reader in the background; yields the file of its answers."""
    answers = folder / "answers"
    command = [sys.executable, "-m", "release.drill.reader", place.url, DRILL_ENVIRONMENT]
    with answers.open("wb") as file:
        process = subprocess.Popen(command, cwd=folder, env=_build_variables(place), stdout=file, stderr=file)
    try:
        yield answers
    finally:
        process.kill()
        process.wait()


def _wait_for_decision(answers: Path, number: int) -> float:
    """Wait until an application is decided by an entry or a later one; returns when, a Unix time."""
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        for moment, entry, _ in _read_answers(answers):
            if entry >= number:
                return moment
        time.sleep(0.05)
    last = answers.read_text().splitlines()[-1:] or ["nothing"]
    found = f"decided nothing by entry {number} within {_TIMEOUT_SECONDS:g} seconds; its last line: {last[0][:200]}"
    raise CreditError(Problem("the reader", found))


def _read_answers(answers: Path) -> list[tuple[float, int, str]]:
    lines = answers.read_text().splitlines(keepends=True)
    fields = [line.rstrip("\n").split("\t") for line in lines if line.endswith("\n") and line.count("\t") == 2]
    return [(float(moment), int(number), message) for moment, number, message in fields]


def _build_variables(place: Store) -> dict[str, str]:
    alone = {name: value for name, value in os.environ.items() if name != "RELEASE_SERVICE_URL"}
    alone[APPROVER_VARIABLE] = "nobody: a drill"
    return alone | {"RELEASE_STORE": place.url, "PYTHONPATH": str(_PROJECT_ROOT), "GIT_CEILING_DIRECTORIES": "/"}
