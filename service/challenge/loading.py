"""Fetch and load challengers, by the rules of the live version: signed where asked for, every hash checked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from credit.registry.challenges import Challenge
from credit.registry.ledger import LedgerEntry
from credit.registry.signatures import require_signature
from credit.registry.store import Store
from credit.registry.versions import fetch_temporarily, require_version
from service.engine.live_version import LiveVersion
from service.engine.loading import load_folder
from service.settings import Settings


@contextmanager
def fetch_challenger(store: Store, challenge: Challenge, settings: Settings) -> Iterator[Path]:
    """Fetch the bundle of a challenger into a folder, until the block ends.

    Raises CreditError when it is not signed, or not whole.
    """
    if settings.trusted_keys is not None:
        require_signature(store, challenge.version, challenge.digest, settings.trusted_keys)
    patient = Store(store.url, make=False)  # a version is larger than a record of a challenge
    with fetch_temporarily(patient, require_version(patient, challenge.version, challenge.digest)) as folder:
        yield folder


def load_challenger(store: Store, challenge: Challenge, settings: Settings) -> LiveVersion:
    """Load the version of a split as if it were live by the entry that it challenges: its decisions name that entry.

    Raises CreditError when it is not signed, not whole, or does not decide as it did when it was made.
    """
    entry = LedgerEntry(
        number=challenge.entry,
        kind="deploy",
        version=challenge.version,
        digest=challenge.digest,
        reason=challenge.reason,
        actor=challenge.actor,
        time=challenge.time,
    )
    with fetch_challenger(store, challenge, settings) as folder:
        return replace(load_folder(entry, folder, settings.max_batch), challenge=challenge.number)
