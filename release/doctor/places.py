"""Check the store of versions and the remote of the data."""

from collections.abc import Iterator
from datetime import UTC, datetime

from credit.common.errors import CreditError
from credit.registry.address import find_address, open_store
from credit.registry.identity import probe_store
from credit.registry.ledger import Ledger
from credit.registry.names import ENVIRONMENTS
from credit.registry.store import MissingStoreError, Store
from release.deployment.apply import MAX_CLOCK_SKEW
from release.doctor.checkup import Result, State

_WRITERS = 2


def check_store() -> Iterator[Result]:
    """Check that the store answers, takes an object once and refuses it the second time, and has the same time."""
    address = find_address()
    try:
        store = open_store()
    except MissingStoreError:
        found = f"{address}: no such folder yet"
        yield Result("store", State.NOT_CHECKED, found, "release publish makes it; is its address right?")
        return
    probe_store(store, _WRITERS)
    yield Result("store", State.OK, f"{address}: of {_WRITERS + 1} writers of one key, one won")
    yield _compare_clocks(store)
    yield from _read_ledgers(store)


def _compare_clocks(store: Store) -> Result:
    before = datetime.now(UTC)
    there = store.read_clock()
    after = datetime.now(UTC)
    skew = max(before - there, there - after).total_seconds() - 1  # the store says whole seconds
    if skew > MAX_CLOCK_SKEW.total_seconds():
        found = f"{after:%Y-%m-%d %H:%M:%S} UTC here, {there:%Y-%m-%d %H:%M:%S} UTC in the store"
        return Result("clock", State.PROBLEM, found, "set the clock of this machine; a deploy is refused until then")
    if store.folder is not None:
        found = "the store is a folder, and has the clock of this machine"
        return Result("clock", State.NOT_CHECKED, found, "nothing to do: a bucket has a clock of its own")
    return Result("clock", State.OK, f"within {MAX_CLOCK_SKEW.total_seconds():g} s of the store's")


def _read_ledgers(store: Store) -> Iterator[Result]:
    """Read the newest entry of each ledger: newer code may have written what this code cannot read."""
    for name in ENVIRONMENTS:
        try:
            newest = Ledger(store, name).read_newest()
        except CreditError as error:
            problem = error.problems[0]
            yield Result(
                f"ledger of {name}", State.PROBLEM, str(problem._replace(fix="")), problem.fix or "release verify"
            )
        else:
            found = f"entry {newest.number}, format {newest.format}" if newest else "nothing was ever live"
            yield Result(f"ledger of {name}", State.OK, found)


def check_remote() -> Iterator[Result]:
    """Check that DVC has a default remote, and that it answers."""
    from botocore.exceptions import BotoCoreError, ClientError  # half a second with DVC, which others do not need
    from dvc.exceptions import DvcException

    try:
        yield _look_at_remote()
    except (DvcException, BotoCoreError, ClientError, OSError, ValueError) as error:
        found = (str(error).splitlines() or [type(error).__name__])[0][:300]
        yield Result("DVC remote", State.PROBLEM, found, "dvc remote list shows its address; are its keys set?")


def _look_at_remote() -> Result:
    from dvc.repo import Repo

    with Repo() as repo:
        name = repo.config["core"].get("remote")
        if not name:
            fix = "dvc remote add --default storage URL, and dvc remote modify storage verify true"
            return Result("DVC remote", State.PROBLEM, "none is set: nobody else can get the data", fix)
        files = repo.cloud.get_remote_odb(name)
        found = f"{name}, {repo.config['remote'][name]['url']}"
        if files.fs.exists(files.path):
            return Result("DVC remote", State.OK, found)
        return Result("DVC remote", State.NOT_CHECKED, f"{found}: nothing is there so far", "dvc push")
