"""Make the manifest of Parquet files that are there: list them, read their footers, and hash what has no ETag."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.parallel import run_in_threads
from credit.data.headers import find_name_problems
from credit.data.manifest.content import DataManifest, Part, check_part_path
from credit.data.manifest.object_store import connect_s3, read_etag
from credit.data.manifest.opening import compute_sha256

_PARQUET = "Parquet files, whose names end in .parquet"


class _Found(NamedTuple):
    part: Part
    schema: pa.Schema


def make_manifest(source: str) -> DataManifest:
    """Make a manifest of all `*.parquet` below a folder or `s3://bucket/prefix`, in the order of their paths.

    Names that begin with `.` or `_` are beside the data. Raises CreditError where there is none or something else, one
    cannot be read, one has other columns than the first, or a name has columns that the file lacks.
    """
    if source.startswith("s3://"):
        root, found = f"{source.rstrip('/')}/", _find_objects(source)
    elif "://" in source:
        raise CreditError(Problem(source, f"the protocol {source.split('://')[0]}", "a folder, or s3://bucket/prefix"))
    else:
        root, found = f"{Path(source).resolve()}/", _find_files(Path(source))
    if not found:
        raise CreditError(Problem(source, "no data", _PARQUET))
    raise_if_any(find_name_problems(found[0].schema.names, f"{root}{found[0].part.path}"))
    raise_if_any(_find_other_columns(root, found))
    return DataManifest(root=root, columns=tuple(found[0].schema.names), parts=tuple(one.part for one in found))


def _find_files(folder: Path) -> list[_Found]:
    if not folder.is_dir():
        raise CreditError(Problem(str(folder), "no such folder", f"one of {_PARQUET}"))
    paths = _choose_paths(
        str(folder), (one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())
    )

    def look_at(path: str) -> _Found | Problem:
        file = folder / path
        try:
            footer = pq.read_metadata(file)
            size, digest = file.stat().st_size, compute_sha256(file)
        except (OSError, pa.ArrowException) as error:
            return _describe_unreadable(str(file), error)
        return _Found(Part(path=path, bytes=size, rows=footer.num_rows, sha256=digest), footer.schema.to_arrow_schema())

    return _collect(run_in_threads(look_at, paths))


def _find_objects(source: str) -> list[_Found]:
    from botocore.exceptions import BotoCoreError

    store, root = connect_s3(version_aware=False), source.removeprefix("s3://").rstrip("/")
    versioned = connect_s3(version_aware=True)
    try:
        listed = store.find(root)
    except (OSError, ValueError, BotoCoreError) as error:
        raise CreditError(_describe_unreadable(source, error)) from None
    paths = _choose_paths(source, (name.removeprefix(f"{root}/") for name in listed if not name.endswith("/")))

    def look_at(path: str) -> _Found | Problem:
        try:
            with versioned.open(f"{root}/{path}", "rb", block_size=2**20) as opened:
                footer, details = pq.read_metadata(opened), opened.details
        except (OSError, pa.ArrowException, BotoCoreError) as error:
            return _describe_unreadable(f"s3://{root}/{path}", error)
        version = details.get("VersionId")
        known_by: dict[str, Any] = {"etag": read_etag(details), "version": version if version != "null" else None}
        part = Part(path=path, bytes=details["size"], rows=footer.num_rows, **known_by)
        return _Found(part, footer.schema.to_arrow_schema())

    return _collect(run_in_threads(look_at, paths))


def _choose_paths(source: str, found: Iterable[str]) -> list[str]:
    """Choose the files of the table, in order. Raises CreditError for a Delta table, and for files of other kinds."""
    paths = sorted(found)
    if any(path.startswith("_delta_log/") for path in paths):
        fix = "export what its log says is valid: files of rows that were deleted are there too"
        raise CreditError(Problem(source, "a Delta table", "plain Parquet files", fix))
    chosen = [path for path in paths if not _is_beside_data(path)]
    if others := [path for path in chosen if not path.endswith(".parquet")]:
        said = f"{others[0]}" + (f" and {len(others) - 1:,} more" if others[1:] else "")
        fix = "rename or move them; a name that begins with `_` or `.` is beside the data"
        raise CreditError(Problem(source, f"{said} among the data", _PARQUET, fix))
    for path in chosen:
        check_part_path(path, f"{source}: {path}")
    return chosen


def _collect(found: Sequence[_Found | Problem]) -> list[_Found]:
    raise_if_any([one for one in found if isinstance(one, Problem)])
    return [one for one in found if isinstance(one, _Found)]


def _is_beside_data(path: str) -> bool:
    """Tell whether a file is no part of the data, by its name or its folder's, as in a raw folder."""
    return any(part.startswith((".", "_")) for part in path.split("/"))


def _find_other_columns(root: str, found: Sequence[_Found]) -> list[Problem]:
    first, problems = found[0], []
    for part, schema in found:
        where = f"{root}{part.path}"
        if schema.names != first.schema.names:
            problems.append(Problem(where, "other columns", f"those of {first.part.path}, in the same order"))
        names = {name.casefold() for name in schema.names}
        for folder in part.path.split("/")[:-1]:
            name, is_column, _ = folder.partition("=")
            if is_column and name.casefold() not in names:
                fix = "write it into the files"
                problems.append(Problem(where, f"{name}, a column that only the folder's name has", "none", fix))
    return problems


def _describe_unreadable(where: str, error: Exception) -> Problem:
    text = str(error).splitlines()
    return Problem(where, f"cannot be read: {text[0] if text else type(error).__name__}", "a Parquet file")
