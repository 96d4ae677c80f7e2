"""Write DVC's lock file as DVC does, in a small part of the time.

For each stage that ends, DVC parses the whole file in pure Python and prints all of it: half a second, 25 times in a
run of the pipeline. Nobody changes that file by hand, so that it has no comment to be kept: the parser in C reads it
once, a part of a stage that stands in it as before is printed once, and files are printed without DVC.
"""

import json
import pickle
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dvc.dvcfile
from dvc.utils.serialize import dumps_yaml, loads_yaml, modify_yaml

if TYPE_CHECKING:
    from testing.warm.remembered import Remembered

NAME = "dvc.lock"

_HASH = r"(?!\d+(e\d+)?$|0b)[0-9a-f]{32}(\.dir)?"
_NAME = r"(?!(true|false|null|yes|no|on|off|y|n)$)[a-z][\w./@-]{0,59}"
_PLAIN = re.compile(f"{_HASH}|{_NAME}", re.IGNORECASE | re.ASCII)

_written: dict[str, bytes] = {}


def hasten_lock_file(remembered: "Remembered") -> None:
    """Let DVC write its lock file by this module."""

    def modify(path: str, fs: Any = None) -> AbstractContextManager[dict[str, Any]]:
        return _modify_lock(Path(path), remembered) if Path(path).name == NAME else modify_yaml(path, fs=fs)

    dvc.dvcfile.modify_yaml = modify


def print_lock(lock: dict[str, Any], remembered: "Remembered") -> str:
    """Print a lock file, each part of a stage for itself."""
    return "".join(
        "stages:\n" + "".join(_print_stage(name, stage, remembered) for name, stage in value.items())
        if name == "stages" and value
        else dumps_yaml({name: value})
        for name, value in lock.items()
    )


def _print_stage(name: str, stage: Any, remembered: "Remembered") -> str:
    if not (_is_plain(name) and isinstance(stage, dict) and stage):
        return _print_by_dvc(name, stage, remembered)
    parts = (_print_files(key, value) or _print_part(name, key, value, remembered) for key, value in stage.items())
    return f"  {name}:\n{''.join(parts)}"


def _print_part(name: str, key: str, value: Any, remembered: "Remembered") -> str:
    return _print_by_dvc(name, {key: value}, remembered).removeprefix(f"  {name}:\n")


def _print_by_dvc(name: str, stage: Any, remembered: "Remembered") -> str:
    own = {name: stage}
    printed: str = remembered.take("stage", json.dumps(own), lambda: dumps_yaml({"stages": own}))
    return printed.removeprefix("stages:\n")


def _print_files(key: str, files: Any) -> str:
    """Print dependencies or outputs; nothing where one has to be quoted, or where they are something else."""
    if key not in ("deps", "outs") or not files:
        return ""
    if not all(isinstance(file, dict) and next(iter(file), None) == "path" for file in files):
        return ""
    if not all(type(value) is int or _is_plain(value) for file in files for value in file.values()):
        return ""
    texts = ("".join(f"      {name}: {value}\n" for name, value in file.items()) for file in files)
    return f"    {key}:\n" + "".join(f"    - {text[6:]}" for text in texts)


def _is_plain(value: Any) -> bool:
    """Tell whether a text is printed as it is: a path, a name or a hash that is no word or number of YAML."""
    return isinstance(value, str) and bool(_PLAIN.fullmatch(value))


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
