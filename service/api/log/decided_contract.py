"""The contract by which a logged decision was made, whatever is live by now."""

from functools import lru_cache
from pathlib import Path

from credit.bundle.bundle import load_bundle
from credit.common.errors import CreditError
from credit.contract.contract import Contract
from credit.decision_log.database import DecisionRow
from credit.registry import versions
from credit.registry.address import open_store
from service.api.responses import RefusalError
from service.api.state import Parts
from service.engine.bundle_cache import BundleCache
from service.settings import Settings


def find_contract(parts: Parts, record: DecisionRow) -> Contract:
    """Find the contract of the version that made a decision: loaded, on the disk, or in the store.

    Raises RefusalError when none of them has it now.
    """
    for loaded in (parts.follower.serving, parts.dealer.challenger):
        if loaded is not None and loaded.bundle.manifest.digest == record["digest"]:
            return loaded.bundle.contract
    try:
        return _load_contract(parts.settings, record["version"], record["digest"])
    except CreditError:
        found = "the contract by which this was decided cannot be read now"
        raise RefusalError(503, found, Retry_After="10") from None


@lru_cache(maxsize=50)
def _load_contract(settings: Settings, version: str | None, digest: str) -> Contract:
    for folder in (BundleCache(settings.state).locate_bundle(digest), settings.baked):
        if folder is not None and (contract := _read_from_disk(folder, digest)) is not None:
            return contract
    store = open_store(make=False)
    return versions.load_stored_bundle(store, versions.require_version(store, version or "", digest)).contract


def _read_from_disk(folder: Path, digest: str) -> Contract | None:
    try:
        bundle = load_bundle(folder)
    except CreditError:
        return None
    return bundle.contract if bundle.manifest.digest == digest else None
