"""Parse DVC's files and compile the project's code once for all forks; prepare what each command of DVC makes anew.

DVC parses `params.yaml` in Python for each stage that reads it, 21 times in one `dvc status`. A clone is new, so that
nothing of it is compiled. A third of a small command of DVC makes the parser of its arguments and compiles schemas.
"""

import json
import marshal
import os
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import dpath
import dvc.dependency.param
import dvc.rwlock
import dvc.schema
import dvc.utils.serialize
import dvc.utils.strictyaml
import voluptuous
from dvc.cli.parser import get_main_parser
from dvc.config import get_compiled_schema
from dvc.dependency.base import Dependency
from dvc.schema import FOREACH_IN, STAGE_DEFINITION
from dvc.utils.serialize import _yaml

if TYPE_CHECKING:
    from testing.warm.remembered import Remembered

_compile = SourceFileLoader.source_to_code


def hasten_parsing(remembered: "Remembered") -> None:
    """Let DVC remember what the text of a YAML file says."""
    parse = _yaml.parse_yaml

    def parse_once(text: str, path: str, typ: str = "safe") -> Any:
        if typ != "safe":  # it has comments and places beside values
            return parse(text, path, typ)
        return remembered.take("yaml", text, lambda: parse(text, path))

    for module in (_yaml, dvc.utils.serialize, dvc.utils.strictyaml):
        module.parse_yaml = parse_once
    dvc.dependency.param.dpath = SimpleNamespace(**vars(dpath) | {"get": _get_value})


def _get_value(content: Any, path: str, separator: str) -> Any:
    """Get the value of a key such as `train.rows`; dpath compares it with each key of the file."""
    value = content
    for name in path.split(separator):
        if not (isinstance(value, dict) and name in value):
            return dpath.get(content, path, separator=separator)
        value = value[name]
    return value


def prepare_commands() -> None:
    """Let DVC find its parser and its schemas made; it keeps the first two itself."""
    get_main_parser()
    get_compiled_schema()
    made = {id(content): voluptuous.Schema(content) for content in (STAGE_DEFINITION, FOREACH_IN)}
    take = lambda content: made.get(id(content)) or voluptuous.Schema(content)  # noqa: E731
    dvc.schema.vol = SimpleNamespace(**vars(voluptuous) | {"Schema": take})  # for each entry of dvc.yaml anew
    write = lambda content, file: file.write(json.dumps(content))  # noqa: E731 -- json.dump never uses C
    dvc.rwlock.json = SimpleNamespace(**vars(json) | {"dump": write})  # four times for each stage


def hasten_folders() -> None:
    """Let a command of DVC hash a folder of code once while nothing in it changes: most stages depend on it."""
    hash_anew = Dependency._get_hash_meta
    hashed: dict[str, tuple[object, Any]] = {}

    def hash_once(self: Dependency) -> Any:
        if not (self.is_in_repo and Path(self.fs_path).is_dir()):
            return hash_anew(self)
        state = _look_at(self.fs_path)
        if hashed.get(self.fs_path, (None,))[0] != state:
            hashed[self.fs_path] = state, hash_anew(self)
        return hashed[self.fs_path][1]

    Dependency._get_hash_meta = hash_once


def _look_at(folder: str) -> list[tuple[object, ...]]:
    """List the files of a folder with what changes when one is written anew, as DVC itself knows files by."""
    found: list[tuple[object, ...]] = []
    for entry in os.scandir(folder):
        with suppress(FileNotFoundError):  # gone meanwhile
            look = entry.stat(follow_symlinks=False)
            is_link = object() if entry.is_symlink() else None  # what it leads to may change: equal to no other
            found.append((entry.path, look.st_ino, look.st_mtime_ns, look.st_size, is_link))
            found += _look_at(entry.path) if entry.is_dir(follow_symlinks=False) else []
    return found


def hasten_imports(remembered: "Remembered") -> None:
    """Let imports remember the code of a text, wherever the file is."""

    def compile_once(self: SourceFileLoader, data: bytes, path: str, **options: int) -> CodeType:
        make = lambda: marshal.dumps(_compile(self, data, path, **options))  # noqa: E731
        return _place_code(marshal.loads(remembered.take("code", data, make)), path)

    SourceFileLoader.source_to_code = compile_once  # type: ignore[method-assign, assignment]


def _place_code(code: CodeType, path: str) -> CodeType:
    """Say of code, and of the functions in it, which file it is of."""
    if code.co_filename == path:
        return code
    constants = tuple(_place_code(one, path) if isinstance(one, CodeType) else one for one in code.co_consts)
    return code.replace(co_filename=path, co_consts=constants)
