"""Load the challenger of a split, by the rules of the live version: signed where asked for, every hash checked."""

from dataclasses import replace

from credit.registry.challenges import Challenge
from credit.registry.ledger import LedgerEntry
from credit.registry.signatures import require_signature
from credit.registry.store import Store
from credit.registry.versions import fetch_temporarily, require_version
from service.engine.live_version import LiveVersion
from service.engine.loading import load_folder
from service.settings import Settings


def load_challenger(store: Store, challenge: Challenge, settings: Settings) -> LiveVersion:
    """Load the version of a split as if it were live by the entry that it challenges: its decisions name that entry.

    Raises CreditError when it is not signed, not whole, or does not decide as it did when it was made.
    """
    if settings.trusted_keys is not None:
        require_signature(store, challenge.version, challenge.digest, settings.trusted_keys)
    entry = LedgerEntry(
        number=challenge.entry,
        kind="deploy",
        version=challenge.version,
        digest=challenge.digest,
        reason=challenge.reason,
        actor=challenge.actor,
        time=challenge.time,
    )
    patient = Store(store.url, make=False)  # a version is larger than a record of a challenge
    with fetch_temporarily(patient, require_version(patient, challenge.version, challenge.digest)) as folder:
        return replace(load_folder(entry, folder, settings.max_batch), challenge=challenge.number)
