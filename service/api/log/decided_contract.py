"""The contract by which a logged decision was made, whatever is live by now."""

from contextlib import suppress
from functools import lru_cache

from credit.bundle.bundle import load_bundle
from credit.bundle.place_reasons import list_place_codes
from credit.common.errors import CreditError, Problem
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
    if (loaded := _find_loaded_contract(parts, record)) is not None:
        return loaded
    try:
        return _load_contract(parts.settings, record["version"], record["digest"])
    except CreditError:
        found = "the contract by which this was decided cannot be read now"
        raise RefusalError(503, found, Retry_After="10") from None


def list_decided_places(parts: Parts, record: DecisionRow) -> list[str] | None:
    """List the codes of those reasons of a decision that are about a place; None: nobody can tell now.

    Not by the store: who looks a decision up does not wait for it.
    """
    codes, contract = record["reason_codes"], _find_loaded_contract(parts, record)
    try:
        contract = contract or _read_kept_contract(parts.settings, record["digest"])
    except CreditError:
        return None
    return None if codes is None else list_place_codes(contract, codes)


def _find_loaded_contract(parts: Parts, record: DecisionRow) -> Contract | None:
    for loaded in (parts.follower.serving, parts.dealer.challenger):
        if loaded is not None and loaded.bundle.manifest.digest == record["digest"]:
            return loaded.bundle.contract
    return None


@lru_cache(maxsize=50)
def _load_contract(settings: Settings, version: str | None, digest: str) -> Contract:
    with suppress(CreditError):
        return _read_kept_contract(settings, digest)
    store = open_store(make=False)
    return versions.load_stored_bundle(store, versions.require_version(store, version or "", digest)).contract


@lru_cache(maxsize=50)
def _read_kept_contract(settings: Settings, digest: str) -> Contract:
    """Read a contract from the disk. Raises CreditError when that does not have it."""
    for folder in (BundleCache(settings.state).locate_bundle(digest), settings.baked):
        if folder is not None:
            with suppress(CreditError):
                bundle = load_bundle(folder)
                if bundle.manifest.digest == digest:
                    return bundle.contract
    raise CreditError(Problem(f"bundle {digest[:12]}", "not on this disk"))
