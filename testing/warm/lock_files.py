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
from typing import TYPE_CHECKING, Any

import dvc.dvcfile
from dvc.utils.serialize import dumps_yaml, loads_yaml, modify_yaml

if TYPE_CHECKING:
    from testing.warm.remembered import Remembered

NAME = "dvc.lock"

_written: dict[str, bytes] = {}


def hasten_lock_file(remembered: "Remembered") -> None:
    """Let DVC write its lock file by this module."""

    def modify(path: str, fs: Any = None) -> AbstractContextManager[dict[str, Any]]:
        return _modify_lock(Path(path), remembered) if Path(path).name == NAME else modify_yaml(path, fs=fs)

    dvc.dvcfile.modify_yaml = modify


def print_lock(lock: dict[str, Any], remembered: "Remembered") -> str:
    """Print a lock file, each stage for itself."""
    return "".join(
        "stages:\n" + "".join(_print_stage({name: stage}, remembered) for name, stage in value.items())
        if name == "stages" and value
        else dumps_yaml({name: value})
        for name, value in lock.items()
    )


def _print_stage(stage: dict[str, Any], remembered: "Remembered") -> str:
    printed: str = remembered.take("stage", json.dumps(stage), lambda: dumps_yaml({"stages": stage}))
    return printed.removeprefix("stages:\n")


@contextmanager
def _modify_lock(path: Path, remembered: "Remembered") -> Iterator[dict[str, Any]]:
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    parse = lambda: loads_yaml(before) or {}  # noqa: E731
    lock = pickle.loads(_written[before]) if before in _written else remembered.take("yaml", before, parse)
    yield lock
    after = print_lock(lock, remembered)
    path.write_text(after, encoding="utf-8")
    _written.clear()
    _written[after] = pickle.dumps(lock)
