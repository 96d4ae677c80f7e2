"""The values of params.yaml that dvc.yaml puts into paths and into the commands of a shell."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from credit.common.errors import Problem

_TEMPLATE = re.compile(r"\$\{\s*([^}\s]+)\s*\}")
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def find_unsafe_values(pipeline: str, params: Mapping[str, Any], where: str) -> list[Problem]:
    """Find the values that are no plain names, which a shell would read as something else; a problem each.

    pipeline: the text of dvc.yaml. The keys of a matrix, `item.…`, are the values that it lists.
    """
    keys = dict.fromkeys(key for key in _TEMPLATE.findall(pipeline) if not key.startswith("item."))
    return [
        Problem(f"{where}: {key}", repr(value)[:80], "a plain name: letters, digits, `_`, `-` and `.`")
        for key in keys
        for value in _list_values(params, key)
        if not _PLAIN.fullmatch(str(value)) or ".." in str(value)
    ]


def _list_values(params: Mapping[str, Any], key: str) -> Iterator[Any]:
    """List the values below a key; none where it is not there, which DVC refuses by itself."""
    value: Any = params
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    listed = value if isinstance(value, list) else value.values() if isinstance(value, Mapping) else [value]
    yield from (one for one in listed if one is not None)
