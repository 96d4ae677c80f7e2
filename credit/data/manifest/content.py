"""The manifest of a table: where its Parquet files are, and for each its size, its rows and its hash.

A text file of JSON lines. The first says what it is, and the totals; one line for each file follows, in the order of
their paths. So a version of the data is a few lines that differ, and a million files are one for DVC.
"""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.files import atomic_write
from credit.data.sql_text import check_utf8

FORMAT, FORMAT_VERSION = "data-manifest", 1
_START = b'{"format": "data-manifest"'
_REMAKE = "make it again with make manifest"

Count = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    """A Parquet file. `path` is below the root.

    Its content is known by `sha256`, or in an object store by `etag`, and by `version` where the store keeps versions.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    bytes: Count
    rows: Count
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    etag: str | None = None
    version: str | None = None


class ManifestHead(BaseModel):
    """The first line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["data-manifest"] = "data-manifest"
    format_version: int = FORMAT_VERSION
    root: str
    parts: Count
    rows: Count
    bytes: Count
    columns: tuple[str, ...]


class DataManifest(BaseModel, frozen=True):
    """A manifest. `root` is a folder of this machine, or `s3://bucket/prefix`, and ends with a slash."""

    root: str
    columns: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        """The rows of all files."""
        return sum(part.rows for part in self.parts)

    @property
    def bytes(self) -> int:
        """The bytes of all files."""
        return sum(part.bytes for part in self.parts)

    @property
    def is_remote(self) -> bool:
        """Tell whether the files are in an object store."""
        return self.root.startswith("s3://")


def is_manifest(path: Path) -> bool:
    """Tell whether a raw file is a manifest, by its first bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_START)) == _START


def write_manifest(manifest: DataManifest, path: Path) -> None:
    """Write a manifest; the same table has the same bytes."""
    head = ManifestHead(
        root=manifest.root,
        parts=len(manifest.parts),
        rows=manifest.rows,
        bytes=manifest.bytes,
        columns=manifest.columns,
    )
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        for line in (head, *manifest.parts):
            print(json.dumps(line.model_dump(exclude_none=True), ensure_ascii=False), file=file)


def read_manifest(path: Path) -> DataManifest:
    """Read a manifest. Raises CreditError, with the line, for one that is damaged, newer, or leads out of its root."""
    with path.open("rb") as file:
        head = _read_head(file.readline(), path)
        parts = tuple(_read_part(line, f"{path}: line {number}") for number, line in enumerate(file, 2))
    manifest = DataManifest(root=head.root, columns=head.columns, parts=parts)
    raise_if_any(list(_find_faults(head, manifest, path)))
    return manifest


def _read_head(line: bytes, path: Path) -> ManifestHead:
    try:
        version = json.loads(line).get("format_version")
        if isinstance(version, int) and version > FORMAT_VERSION:
            expected = f"at most {FORMAT_VERSION}"
            raise CreditError(Problem(f"{path}: format_version", str(version), expected, "update the template"))
        return ManifestHead.model_validate_json(line)
    except (ValidationError, ValueError) as error:
        raise CreditError(Problem(f"{path}: line 1", _describe(error), "the head of a manifest", _REMAKE)) from None


def _read_part(line: bytes, where: str) -> Part:
    try:
        part = Part.model_validate_json(line)
    except ValidationError as error:
        raise CreditError(Problem(where, _describe(error), "a file of the table", _REMAKE)) from None
    check_part_path(part.path, where)
    if part.sha256 is None and part.etag is None:
        raise CreditError(Problem(where, "no hash", "sha256 or etag, by which a changed file is found", _REMAKE))
    return part


def check_part_path(path: str, where: str) -> None:
    """Check that a path is plain and leads nowhere but below the root. Raises CreditError if not."""
    check_utf8(path)
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or str(pure) != path or "\\" in path:
        raise CreditError(Problem(where, f"the path {path[:80]!r}", "a plain path below the root"))


def _describe(error: ValueError) -> str:
    """Describe the fault of a line in a few words."""
    if not isinstance(error, ValidationError):
        return "no JSON"
    first = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(map(str, first["loc"]))
    return f"{key + ': ' if key else ''}{first['msg']}"


def _find_faults(head: ManifestHead, manifest: DataManifest, path: Path) -> Iterator[Problem]:
    totals = {"parts": len(manifest.parts), "rows": manifest.rows, "bytes": manifest.bytes}
    for name, total in totals.items():
        if total != getattr(head, name):
            yield Problem(f"{path}: {name}", f"{total:,} in its lines", f"{getattr(head, name):,}", _REMAKE)
    for before, after in pairwise(manifest.parts):
        if before.path >= after.path:
            yield Problem(f"{path}: {after.path}", f"a line after that of {before.path}", "paths in order, once each")
            return
    if not manifest.parts:
        yield Problem(str(path), "no files", "one at least")
    if not manifest.root.endswith("/") or ".." in PurePosixPath(manifest.root).parts:
        expected = "a folder, or s3://bucket/prefix, with a slash at its end"
        yield Problem(f"{path}: root", repr(manifest.root[:80]), expected)
