"""Watch the identity of the store that is followed: the file that says which store it is may be lost or replaced.

An entry that was followed here tells that the store is the same one, whatever the file says: its hash is of no other.
"""

from credit.common.errors import CreditError
from credit.registry.identity import IDENTITY_KEY, StoreIdentity
from credit.registry.ledger import Ledger
from service.engine.patrol import FollowedEntry

_FIX = "put it back from the bucket's history, or as release status says; until then nothing can be deployed"


class IdentityWatch:
    """The identity of a store, as it was when an entry was followed here, else as the file says at first.

    `followed`: the newest entry that was followed before a restart, which may be one of another store.
    """

    def __init__(self, ledger: Ledger, followed: FollowedEntry | None) -> None:
        """Read the file. Raises CreditError when the store does not answer."""
        self._store = ledger.store
        self.id = self._read()[0]
        if followed and followed.store not in (None, self.id) and ledger.hash_entry(followed.number) == followed.hash:
            self.id = followed.store

    def look(self) -> str | None:
        """Look at the file; return what is wrong with it. Raises CreditError when the store does not answer."""
        found, is_damaged = self._read()
        if is_damaged:
            return f"the store's {IDENTITY_KEY} cannot be read; {_FIX}"
        if self.id is None:
            self.id = found  # a store gets its identity with the first entry
        if found == self.id:
            return None
        if found is None:
            return f"the store's {IDENTITY_KEY} is gone, which named the store {self.id}; {_FIX}"
        return f"the store's {IDENTITY_KEY} names the store {found}, and this is {self.id}; {_FIX}"

    def _read(self) -> tuple[str | None, bool]:
        """Read the identity in the file, and whether the file is there and cannot be read."""
        content = self._store.read(IDENTITY_KEY)
        if content is None:
            return None, False
        try:
            return StoreIdentity.parse(content, IDENTITY_KEY).id, False
        except CreditError:
            return None, True
