"""Follow a ledger as a service does, and decide one application after another, for rehearsals.

Prints a line per application: the time, the ledger entry that it was decided by, and what went wrong, if anything.
"""

import sys
import time
from typing import NamedTuple

from credit.bundle.bundle import Bundle, load_bundle
from credit.bundle.examples import check_examples
from credit.common.errors import CreditError
from credit.registry import versions
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from credit.scoring.row_encoder import ApplicationRow

_PAUSE_SECONDS = 0.01


class LoadedVersion(NamedTuple):
    """A loaded version that decides, and an application of its own examples."""

    entry: LedgerEntry
    bundle: Bundle
    row: ApplicationRow

    def decide(self) -> int:
        """Decide the application; returns the number of the ledger entry that it was decided by."""
        by = self.bundle.decide_by_rule if self.entry.kind == "fallback" else self.bundle.decide
        by([self.row])
        return self.entry.number


def follow_ledger(ledger: Ledger, live: LoadedVersion | None) -> LoadedVersion | None:
    """Load the newest entry's version off to the side and verify it before it takes over; returns what decides now."""
    entry = live.entry if live else ledger.read_newest()
    while entry is not None and (later := ledger.find_entry(entry.number + 1)) is not None:
        entry = later
    if entry is None or (live and live.entry == entry):
        return live
    if live and live.entry.digest == entry.digest:
        return live._replace(entry=entry)
    with versions.fetch_temporarily(ledger.store, versions.require_version(ledger.store, entry.version)) as folder:
        bundle = load_bundle(folder)
        return LoadedVersion(entry, bundle, check_examples(bundle, folder)[0])


def main() -> None:
    """Decide until standard output closes. A version that cannot be loaded is reported, and the last one goes on."""
    ledger = Ledger(Store(sys.argv[1]), sys.argv[2])
    live: LoadedVersion | None = None
    while True:
        problem, number = "", 0
        try:
            live = follow_ledger(ledger, live)
        except CreditError as refused:
            problem = f"refused: {refused}".partition("\n")[0]
        try:
            number = live.decide() if live else 0
        except CreditError as lost:
            problem = f"lost: {lost}".partition("\n")[0]
        try:
            print(f"{time.time():.6f}\t{number}\t{problem}", flush=True)
        except BrokenPipeError:
            return
        time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    main()
