"""Read the files of a manifest from S3: each by the version and the ETag that the manifest says, or not at all."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from credit.common.errors import CreditError, Problem
from credit.data.manifest.content import DataManifest, Part

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from s3fs import S3FileSystem

_PROTOCOL = "part"
_BLOCK_BYTES = 8 * 2**20


def connect_s3(version_aware: bool) -> "S3FileSystem":
    """Connect to S3, with keys, region and address as AWS's own tools take them: `AWS_PROFILE`, `AWS_ENDPOINT_URL`."""
    try:
        from s3fs import S3FileSystem
    except ImportError:
        raise CreditError(Problem("s3://", "no package s3fs", "one", "pip install s3fs; dvc-s3 has it")) from None
    options = {"use_listings_cache": False, "skip_instance_cache": True}
    return S3FileSystem(version_aware=version_aware, default_block_size=_BLOCK_BYTES, **options)


def register_parts(manifest: DataManifest, connection: "DuckDBPyConnection") -> tuple[str, ...]:
    """Give a connection of DuckDB the files to read; returns their names in it, which no pattern can be made of."""
    from fsspec import AbstractFileSystem

    kinds = {bool(part.version) for part in manifest.parts}
    stores = {is_versioned: connect_s3(is_versioned) for is_versioned in kinds}
    root = manifest.root.removeprefix("s3://")

    def find_part(name: str) -> Part:
        return manifest.parts[int(name.removeprefix(f"{_PROTOCOL}://").split("/")[0])]

    class Parts(AbstractFileSystem):  # type: ignore[misc]
        """The files, by their numbers."""

        protocol = _PROTOCOL

        def _open(self, name: str, mode: str = "rb", **_: Any) -> Any:
            """Open a file at its version. Raises OSError when the store has another content by now."""
            part = find_part(name)
            version = {"version_id": part.version} if part.version else {}
            opened = stores[bool(part.version)].open(root + part.path, mode, block_size=_BLOCK_BYTES, **version)
            if (etag := read_etag(opened.details)) != part.etag or opened.size != part.bytes:
                raise OSError(
                    f"{part.path}: found the ETag {etag}, expected {part.etag}; it has changed, make manifest again"
                )
            return opened

        def info(self, name: str, **_: Any) -> dict[str, Any]:
            """Describe a file as the manifest does."""
            return {"name": name, "size": find_part(name).bytes, "type": "file"}

        def glob(self, name: str, **_: Any) -> list[str]:
            """Return the name: it is no pattern."""
            return [name]

        def modified(self, _: str) -> datetime:
            """Return the same time always: a version does not change."""
            return datetime.fromtimestamp(0, UTC)

    connection.register_filesystem(Parts(skip_instance_cache=True))
    return tuple(f"{_PROTOCOL}://{number}/{_simplify(part.path)}" for number, part in enumerate(manifest.parts))


def read_etag(details: dict[str, Any]) -> str:
    """Read the ETag of an object's details, without its quotes."""
    return str(details["ETag"]).strip('"')


def _simplify(path: str) -> str:
    """Simplify a path to a name for messages, without a character that could mean something."""
    return re.sub(r"[^A-Za-z0-9._=-]", "_", path.split("/")[-1])
