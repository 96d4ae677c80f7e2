"""Estimators as files without pickle, and the same bytes for the same estimator."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from credit.common.errors import CreditError, Problem
from credit.common.files import atomic_write

TRUSTED_TYPES = ["credit.training.threshold_rule.ThresholdRule", "numpy.dtype", "sklearn.tree._tree.Tree"]
"""Types beyond skops's own list that a stored estimator may be made of."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


def save_estimator(estimator: Any, path: Path) -> None:
    """Write an estimator with skops, whole or not at all."""
    import skops.io

    with atomic_write(path) as temporary:
        temporary.write_bytes(normalize_archive(skops.io.dumps(estimator)))


def load_estimator(path: Path) -> Any:
    """Read an estimator. Raises CreditError when it is missing, damaged or holds a type that is not trusted."""
    import skops.io

    try:
        unknown = set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED_TYPES)
        if unknown:
            raise CreditError(Problem(str(path), f"the types {sorted(unknown)}", "estimators of this project"))
        return skops.io.load(path, trusted=TRUSTED_TYPES)
    except FileNotFoundError:
        raise CreditError(Problem(str(path), "no such file", fix="run dvc repro")) from None
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        fix = "run dvc checkout or dvc repro"
        raise CreditError(Problem(str(path), f"not a model file: {error}", fix=fix)) from None


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
