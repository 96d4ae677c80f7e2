"""Write DVC's lock file as DVC does, in a small part of the time.

For each stage that ends, DVC parses the whole file in pure Python and prints all of it: half a second, 25 times in a
run of the pipeline. Nobody changes that file by hand, so that it has no comment to be kept: the parser in C reads it
once, and a stage that stands in it as before is printed once.
"""

import json
import pickle
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import dvc.dvcfile
from dvc.utils.serialize import dumps_yaml, loads_yaml, modify_yaml

NAME = "dvc.lock"

_printed: dict[str, str] = {}
_written: dict[str, bytes] = {}


def hasten_lock_file() -> None:
    """Let DVC write its lock file by this module."""
    dvc.dvcfile.modify_yaml = _modify


def print_lock(lock: dict[str, Any]) -> str:
    """Print a lock file, each stage for itself."""
    return "".join(
        "stages:\n" + "".join(_print_stage({name: stage}) for name, stage in value.items())
        if name == "stages" and value
        else dumps_yaml({name: value})
        for name, value in lock.items()
    )


def _print_stage(stage: dict[str, Any]) -> str:
    key = json.dumps(stage)
    if key not in _printed:
        _printed[key] = dumps_yaml({"stages": stage}).removeprefix("stages:\n")
    return _printed[key]


def _modify(path: str, fs: Any = None) -> AbstractContextManager[dict[str, Any]]:
    return _modify_lock(Path(path)) if Path(path).name == NAME else modify_yaml(path, fs=fs)


@contextmanager
def _modify_lock(path: Path) -> Iterator[dict[str, Any]]:
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    lock = pickle.loads(_written[before]) if before in _written else loads_yaml(before) or {}
    yield lock
    after = print_lock(lock)
    path.write_text(after, encoding="utf-8")
    _written.clear()
    _written[after] = pickle.dumps(lock)
