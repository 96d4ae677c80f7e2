"""Reading and writing files: whole or not at all, and JSON that reads well in a diff."""

import glob
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from credit.common.errors import CreditError, Problem, raise_if_any


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place when the block ends, and is removed when it fails.

    What a killed process left of the same path is removed too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        if not is_running(int(left.suffixes[-2][1:])):
            left.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def is_running(process: int) -> bool:
    """Tell whether a process has this number; one that has ended, and that nobody asks how, does not run."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(") ")[2]
    except OSError:  # it has ended since, or this is no Linux
        return True
    return not state.startswith("Z")


@contextmanager
def replace_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path` that takes its place when the block ends, and is removed when it fails.

    No system exchanges two folders everywhere, so the old one steps aside for a moment. After a crash in that moment
    the next call puts it back.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new, old = path.with_name(f".{path.name}.new"), path.with_name(f".{path.name}.old")
    if old.exists() and not path.exists():
        old.rename(path)
    for rest in (new, old):
        shutil.rmtree(rest, ignore_errors=True)
    new.mkdir()
    try:
        yield new
        if path.exists():
            path.rename(old)
        new.rename(path)
    finally:
        if old.exists() and not path.exists():
            old.rename(path)
        for rest in (new, old):
            shutil.rmtree(rest, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Any) -> None:
    """Write JSON, a table's rows on one line each. Refuses NaN and infinities."""
    write_text(path, format_json(content))


def format_json(content: Any) -> str:
    """Format JSON as `write_json` writes it."""
    return _format_node(content) + "\n"


def round_floats(content: Any, digits: int = 4) -> Any:
    """Round every float in `content`, so that another processor prints the same."""
    if isinstance(content, Mapping):
        return {key: round_floats(value, digits) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [round_floats(value, digits) for value in content]
    return round(float(content), digits) + 0.0 if isinstance(content, float) else content


def read_json(path: Path) -> Any:
    """Read JSON. Raises CreditError when the file is not there or is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CreditError(Problem(str(path), "no such file", fix="run dvc repro")) from None
    except ValueError as error:
        raise CreditError(Problem(str(path), f"not JSON: {error}")) from None


def read_yaml(path: Path, as_text: bool = False) -> Any:
    """Read YAML without duplicate keys. Raises CreditError that names the file and the key.

    as_text: read `no`, 012, 1_000, null and dates as the texts that they are, which else YAML takes for other values.
    """
    duplicates: list[Problem] = []

    class Loader(yaml.CSafeLoader):
        """A safe loader for which a duplicate key is an error; PyYAML lets the last one win."""

    def construct_mapping(loader: Loader, node: yaml.MappingNode) -> Any:
        lines: dict[Any, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key that is not text", key.start_mark)
            line = key.start_mark.line + 1
            if key.value in lines:
                duplicates.append(
                    Problem(f"{path}: {key.value}", f"duplicate key, lines {lines[key.value]} and {line}")
                )
            lines[key.value] = line
        return yaml.SafeLoader.construct_mapping(loader, node, deep=True)

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, construct_mapping)
    if as_text:
        Loader.yaml_implicit_resolvers = {}
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader)  # noqa: S506 - Loader is a safe one
    except FileNotFoundError:
        there = ", ".join(sorted(p.name for p in path.parent.glob("*.yaml")))
        raise CreditError(Problem(str(path), "no such file" + (f" (there are: {there})" if there else ""))) from None
    except UnicodeDecodeError as error:
        raise CreditError(
            Problem(str(path), f"the byte at {error.start} is not UTF-8", fix="save it as UTF-8")
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date such as 2020-13-45
        raise CreditError(Problem(str(path), describe_yaml_error(error))) from None
    raise_if_any(duplicates)
    return content


def describe_yaml_error(error: Exception) -> str:
    """Describe in one line why a text is not YAML, with the place where the parser names one."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return f"not YAML: line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    return " ".join(f"not YAML: {error}".split())


def _format_node(content: Any, depth: int = 0) -> str:
    """Format JSON: two levels of containers over several lines, deeper ones on one line each."""
    if depth == 2 or not content or not isinstance(content, dict | list):
        return json.dumps(content, ensure_ascii=False, allow_nan=False)
    if isinstance(content, dict):
        lines = [
            f"{json.dumps(key, ensure_ascii=False)}: {_format_node(value, depth + 1)}" for key, value in content.items()
        ]
    else:
        lines = [_format_node(value, depth + 1) for value in content]
    opening, closing = "{}" if isinstance(content, dict) else "[]"
    indent = "  " * depth
    return f"{opening}\n" + ",\n".join(f"{indent}  {line}" for line in lines) + f"\n{indent}{closing}"
