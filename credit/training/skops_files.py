"""Estimators as files without pickle, and the same bytes for the same estimator."""

import io
import json
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from credit.common.candidate_definition import load_definition, name_definition_file
from credit.common.errors import CreditError, Problem
from credit.common.files import atomic_write

_EPOCH = (1980, 1, 1, 0, 0, 0)
_IMPORTING = threading.Lock()


def list_trusted_types(candidate: str) -> list[str]:
    """List the types beyond skops's own list that a stored estimator of a candidate may be made of."""
    return ["numpy.dtype", *load_definition(candidate).trusted_types]


def dump_estimator(estimator: Any) -> bytes:
    """Write an estimator as the bytes of a skops file, the same for the same estimator."""
    skops = _import_skops()
    return normalize_archive(skops.dumps(estimator))


def save_estimator(estimator: Any, path: Path) -> None:
    """Write an estimator with skops, whole or not at all."""
    save_archive(dump_estimator(estimator), path)


def save_archive(archive: bytes, path: Path) -> None:
    """Write the bytes of `dump_estimator`, whole or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_bytes(archive)


def load_estimator(path: Path, candidate: str) -> Any:
    """Read the estimator of a candidate. Raises CreditError when the file is missing, and as `parse_estimator`."""
    try:
        archive = path.read_bytes()
    except FileNotFoundError:
        raise CreditError(Problem(str(path), "no such file", fix="run dvc repro")) from None
    return parse_estimator(archive, candidate, str(path))


def parse_estimator(archive: bytes, candidate: str, where: str) -> Any:
    """Parse the bytes of a skops file. Raises CreditError when they are damaged, or hold a type that is not trusted."""
    skops, trusted = _import_skops(), list_trusted_types(candidate)
    try:
        unknown = sorted(set(skops.get_untrusted_types(data=archive)) - set(trusted))
        if unknown:
            file = name_definition_file(candidate)
            fix = f"add them to trusted_types in {file} if their code may run when the file is loaded"
            raise CreditError(Problem(where, ", ".join(unknown), f"types that skops or {file} trusts", fix))
        return skops.loads(archive, trusted=trusted)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        fix = "run dvc checkout or dvc repro"
        raise CreditError(Problem(where, f"not a model file: {error}", fix=fix)) from None


def _import_skops() -> Any:
    """Import `skops.io` as where neither Dask nor pytest is installed.

    To list the estimators of scikit-learn it imports every module of it, and two of these take whatever is there: 0.6
    of 1.05 seconds in each process that reads or writes a model, for libraries that no estimator is made of.
    """
    with _IMPORTING:
        others = [] if "skops.io" in sys.modules else [name for name in ("dask", "pytest") if name not in sys.modules]
        hidden: dict[str, Any] = dict.fromkeys(others)  # None: an import of it fails
        sys.modules.update(hidden)
        try:
            import skops.io
        finally:
            for name in others:
                del sys.modules[name]
    return skops.io


def normalize_archive(archive: bytes) -> bytes:
    """Remove all that differs between runs from a skops archive: memory addresses, times, unused bytes of arrays."""
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        schema = json.loads(source.read("schema.json"))
        names: dict[str, str] = {}
        _renumber(schema, {}, names)
        contents = {new: _zero_padding(source.read(old)) for old, new in names.items()}
    contents["schema.json"] = json.dumps(schema, indent=1).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as rewritten:
        for name, content in contents.items():
            rewritten.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return target.getvalue()


def _renumber(node: Any, ids: dict[int, int], names: dict[str, str]) -> None:
    """Replace addresses by the order in which they first appear, and the file names made of them."""
    if isinstance(node, list):
        for child in node:
            _renumber(child, ids, names)
    elif isinstance(node, dict):
        if isinstance(node.get("__id__"), int):
            node["__id__"] = ids.setdefault(node["__id__"], len(ids))
        if isinstance(node.get("file"), str):
            old = node["file"]
            node["file"] = names.setdefault(old, f"{len(names)}{Path(old).suffix}")
        for child in node.values():
            _renumber(child, ids, names)


def _zero_padding(content: bytes) -> bytes:
    """Set the padding between the fields of an .npy file's records to zero; leave other files as they are."""
    if not content.startswith(b"\x93NUMPY"):
        return content
    array = np.load(io.BytesIO(content), allow_pickle=False)
    if array.dtype.names is None:
        return content
    clean = np.zeros(array.shape, array.dtype)
    for field in array.dtype.names:
        clean[field] = array[field]
    target = io.BytesIO()
    np.save(target, clean, allow_pickle=False)
    return target.getvalue()
