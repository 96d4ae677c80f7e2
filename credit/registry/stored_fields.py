"""What clients of a version send, from a few small files of its bundle in the store."""

import shutil
from pathlib import Path

from credit.bundle.manifest import MANIFEST_FILE, check_files, read_manifest
from credit.bundle.request_fields import REQUEST_FILES, RequestFields, read_request_fields
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.temporary import make_temporary_folder
from credit.registry.store import Store


def read_stored_fields(store: Store, digest: str) -> RequestFields:
    """Read the fields of the version with this digest. Raises CreditError when its files are not those of it."""
    with make_temporary_folder() as temporary:
        fetch_request_files(store, digest, temporary / "bundle")
        return read_request_fields(temporary / "bundle")


def fetch_request_files(store: Store, digest: str, folder: Path) -> None:
    """Copy the manifest and REQUEST_FILES of a bundle into `folder`, which must not exist, and verify their hashes.

    Raises CreditError when one is missing or changed; nothing is left behind then.
    """
    folder.mkdir(parents=True)
    try:
        for name in (MANIFEST_FILE, *REQUEST_FILES):
            content = store.read(f"bundles/{digest}/{name}")
            if content is None:
                raise CreditError(Problem(f"{store.url}/bundles/{digest}/{name}", "no such file"))
            (folder / name).write_bytes(content)
        verify_request_files(folder, digest)
    except BaseException:
        shutil.rmtree(folder)
        raise


def verify_request_files(folder: Path, digest: str) -> None:
    """Verify REQUEST_FILES by the manifest beside them. Raises CreditError when they are not those of this digest."""
    manifest = read_manifest(folder)
    if manifest.digest != digest:
        raise CreditError(Problem(str(folder), f"digest {manifest.digest[:12]}", digest[:12]))
    raise_if_any(check_files(folder, manifest, REQUEST_FILES))
