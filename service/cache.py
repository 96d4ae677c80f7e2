"""The last good versions on the service's own disk, so that it can start when the store is out of reach."""

import shutil
from pathlib import Path
from tempfile import mkdtemp

from credit.errors import CreditError
from credit.files import whole
from credit.registry import published
from credit.registry.ledger import Entry
from credit.registry.store import Store

_KEPT = 5


class Cache:
    """Bundles by digest, and the entry that was followed last. Several workers share it."""

    def __init__(self, folder: Path) -> None:
        self._bundles, self._entry = folder / "bundles", folder / "live.json"

    def folder(self, digest: str) -> Path:
        """Where the bundle of a digest is, or would be. Loading it verifies it."""
        return self._bundles / digest

    def fetch(self, store: Store, entry: Entry) -> Path:
        """The bundle of an entry, from the store, verified. Raises CreditError, and nothing is left behind then."""
        record = published.required(store, entry.version, entry.digest)
        self._bundles.mkdir(parents=True, exist_ok=True)
        made = Path(mkdtemp(prefix=".fetching-", dir=self._bundles))
        try:
            published.fetch(store, record, made / "bundle")
            self.drop(entry.digest)
            (made / "bundle").rename(self.folder(entry.digest))
        except OSError:
            if not self.folder(entry.digest).exists():  # another worker was faster otherwise
                raise
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return self.folder(entry.digest)

    def drop(self, digest: str) -> None:
        """Forget a bundle that is damaged."""
        shutil.rmtree(self.folder(digest), ignore_errors=True)

    def keep(self, entry: Entry) -> None:
        """Remember what is followed, and of the bundles the last few."""
        with whole(self._entry) as temporary:
            temporary.write_bytes(entry.written())
        self.folder(entry.digest).touch()
        by_age = sorted(self._bundles.glob("[0-9a-f]*"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in by_age[_KEPT:]:
            shutil.rmtree(path, ignore_errors=True)

    def last(self) -> Entry | None:
        """The entry that was followed last; None when there is none that can be read."""
        try:
            return Entry.read(self._entry.read_bytes(), str(self._entry))
        except (OSError, CreditError):
            return None
