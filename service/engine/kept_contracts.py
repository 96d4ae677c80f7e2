"""Keep what clients of other versions send in the service's state, so that a restart without the store knows it."""

import json
from contextlib import suppress
from pathlib import Path

from credit.bundle.manifest import MANIFEST_FILE
from credit.bundle.request_fields import REQUEST_FILES, RequestFields, read_request_fields
from credit.common.errors import CreditError, Problem
from credit.common.files import atomic_write
from credit.common.temporary import make_temporary_folder
from credit.registry.store import Store
from credit.registry.stored_fields import fetch_request_files, verify_request_files

_FILES = (MANIFEST_FILE, *REQUEST_FILES)
_MAX_KEPT = 200
"""Versions that are kept: more than a service knows at a time. One takes some kilobytes."""


class KeptContracts:
    """The files that say what clients send, of one version each, by digest. Several workers share them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def list_digests(self) -> list[str]:
        """List the digests of the versions that are kept."""
        return [path.stem for path in self._folder.glob("[0-9a-f]*.json")]

    def read(self, digest: str) -> RequestFields:
        """Read the fields of a version. Raises CreditError when it is not kept here whole."""
        path = self._folder / f"{digest}.json"
        try:
            content = json.loads(path.read_bytes())
            with make_temporary_folder() as folder:
                for name in _FILES:
                    (folder / name).write_text(content[name], encoding="utf-8", newline="")
                verify_request_files(folder, digest)
                return read_request_fields(folder)
        except (OSError, ValueError, KeyError, TypeError):
            raise CreditError(Problem(str(path), "not there, or damaged", "what clients of a version send")) from None

    def fetch(self, store: Store, digest: str) -> tuple[RequestFields, str | None]:
        """Read the fields of a version here, else from the store, and keep them; also why they could not be kept.

        Raises CreditError when the store lacks them or does not answer.
        """
        with suppress(CreditError):
            return self.read(digest), None
        with make_temporary_folder() as temporary:
            fetch_request_files(store, digest, temporary / "bundle")
            fields, failure = read_request_fields(temporary / "bundle"), None
            try:
                self._keep(digest, temporary / "bundle")
            except OSError as error:
                failure = error.strerror
            return fields, failure

    def _keep(self, digest: str, folder: Path) -> None:
        content = {name: (folder / name).read_bytes().decode() for name in _FILES}
        with atomic_write(self._folder / f"{digest}.json") as temporary:
            temporary.write_text(json.dumps(content), encoding="utf-8")
        by_age = sorted(self._folder.glob("[0-9a-f]*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in by_age[_MAX_KEPT:]:
            path.unlink(missing_ok=True)
