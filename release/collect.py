"""Make room without dropping anything that a version needs."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from credit.registry import published
from credit.registry.store import Store
from release.drill import PLACE


class Unneeded(NamedTuple):
    """What was killed left behind: digests of bundles that no version names, and the places of drills.

    `kept`: the digests of all other bundles.
    """

    digests: list[str]
    kept: list[str]
    drills: list[str]

    @property
    def places(self) -> list[str]:
        """Where all of it is in the store."""
        return [*(f"bundles/{digest}" for digest in self.digests), *(f"{PLACE}/{drill}" for drill in self.drills)]


GRACE = timedelta(hours=1)
"""How long what looks left behind is left alone: somebody may be publishing it, or rehearsing there, right now."""


def unneeded(store: Store, grace: timedelta = GRACE) -> Unneeded:
    """What no version in the store names. Raises CreditError when a record cannot be read: it may name anything."""
    before = datetime.now(UTC) - grace
    records = [published.find(store, version) for version in published.versions(store)]
    needed = {record.digest for record in records if record}
    folders, _ = store.listed("bundles")
    dropped = [name for name in folders if name not in needed and _older(store, f"bundles/{name}", before)]
    drills = [name for name in store.listed(PLACE)[0] if _older(store, f"{PLACE}/{name}", before)]
    return Unneeded(dropped, [name for name in folders if name not in dropped], drills)


def _older(store: Store, place: str, moment: datetime) -> bool:
    touched = store.touched(place)
    return touched is not None and touched < moment
