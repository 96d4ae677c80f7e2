"""The factors that differ between two versions: data, contract, waivers, code, libraries, each block of parameters."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from credit.common.errors import CreditError, Problem
from release.blame.hybrids.locks import LIBRARY_FILES, read_lock
from release.blame.hybrids.pipeline_inputs import LOCK, PARAMS, PIPELINE, PipelineInputs, is_below, read_pipeline_inputs
from release.compare.sides import Sides
from release.repository.git import run_git
from release.repository.revision import Revision

TARGET = "choose"
"""The last stage above the figures: no later one is run."""

DATA, CONTRACT, WAIVERS, CODE, LIBRARIES = "data", "contract", "waivers", "code", "libraries"
_FOLDERS = {"data/raw/": DATA, "data/contracts/": CONTRACT, "waivers/": WAIVERS, "data/": DATA}
_NO_INPUTS = (".gitignore", ".dvcignore", ".gitattributes", "README.md")
"""Files that tell git, DVC or a reader about a folder."""

SEEDS = ("seed", "salt")
"""Keys of params.yaml that choose by chance: noise, never a cause."""

DATA_BLOCKS = ("fetch",)
"""Blocks of params.yaml that say which data are fetched or generated, with the seed of those."""


class Factor(NamedTuple):
    """One thing that differs. `paths`: the files in git that do; `blocks`: of params.yaml."""

    name: str
    paths: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()


class Differences(NamedTuple):
    """All that differs between two versions.

    `seeds`: parameters that choose by chance, which are noise; `unread`: blocks and files that no stage above the
    figures reads, so that they cannot have moved one.
    """

    factors: tuple[Factor, ...]
    seeds: tuple[str, ...]
    unread: tuple[str, ...]


def find_differences(sides: Sides[Revision], source: Path, commits: Sides[str]) -> Differences:
    """Find the factors that differ, in the order of the pipeline; `commits`: both sides in a clone, `source`."""
    listed = run_git("-C", str(source), "diff", "--name-only", "--no-renames", "-z", *commits)
    changed = listed.split("\0")[:-1]
    pipelines = sides.map(_read_inputs)
    paths: dict[str | None, list[str]] = {}
    for path in changed:
        paths.setdefault(_classify(path, pipelines), []).append(path)
    moved = list_moved_blocks(sides.base.params, sides.head.params)
    read = pipelines.base.blocks | pipelines.head.blocks
    of_data = tuple(block for block in moved if block in DATA_BLOCKS)
    blocks = [block for block in moved if block in read and block not in DATA_BLOCKS]
    if not sides.map(read_lock).has_changed:
        paths.setdefault("", []).extend(f"{path}, but for comments" for path in paths.pop(LIBRARIES, ()))
    factors = [
        Factor(DATA, tuple(paths.get(DATA, ())), of_data),
        *(Factor(name, tuple(paths.get(name, ()))) for name in (CONTRACT, WAIVERS)),
        *(Factor(f"params.{block}", (), (block,)) for block in blocks),
        Factor(CODE, tuple(paths.get(CODE, ()))),
        Factor(LIBRARIES, tuple(paths.get(LIBRARIES, ()))),
    ]
    return Differences(
        tuple(one for one in factors if one.paths or one.blocks),
        tuple(_list_moved_seeds(sides.base.params, sides.head.params)),
        (*(f"params.{block}" for block in moved if block not in read and block not in DATA_BLOCKS), *paths.get("", ())),
    )


def _read_inputs(revision: Revision) -> PipelineInputs:
    where = f"{PIPELINE} at {revision.name}"
    text = revision.read_text(PIPELINE)
    if text is None:
        raise CreditError(Problem(where, "no such file", "a pipeline of DVC"))
    return read_pipeline_inputs(text, where, TARGET)


def _classify(path: str, pipelines: Sides[PipelineInputs]) -> str | None:
    """Name the factor of a file. Empty: code that no stage above the figures reads; None: the pipeline is not it."""
    if path.rpartition("/")[2] in _NO_INPUTS:
        return None
    folder = next((factor for start, factor in _FOLDERS.items() if path.startswith(start)), None)
    if folder or path.endswith(".dvc"):
        return folder or DATA
    if path in LIBRARY_FILES:
        return LIBRARIES
    if path == PIPELINE:
        return CODE
    if path in (PARAMS, LOCK) or is_below(path, pipelines.head.outs):
        return None
    return _classify_code(path, pipelines)


def _classify_code(path: str, pipelines: Sides[PipelineInputs]) -> str | None:
    """Tell code that is read from code that is not; beside the folders of the stages, as `__main__.py`, it may be."""
    tops = {dep.partition("/")[0] for side in pipelines for dep in side.deps}
    if path.partition("/")[0] not in tops:
        return None
    if any(is_below(path, side.deps) for side in pipelines):
        return CODE
    return CODE if path.endswith(("__init__.py", "__main__.py")) and path.count("/") == 1 else ""


def list_moved_blocks(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """List the blocks of params.yaml that differ in more than their seeds."""
    kept = keep_seeds(after, before)
    return [
        name
        for name in dict.fromkeys([*before, *after])
        if (name in before) != (name in after) or before[name] != kept[name]
    ]


def keep_seeds(params: dict[str, Any], seeds: dict[str, Any]) -> dict[str, Any]:
    """Copy parameters with the seeds of others in place of their own, where both have one."""
    kept = deepcopy(params)
    for name, block in kept.items():
        if name not in DATA_BLOCKS:
            _replace_seeds(block, seeds.get(name))
    return kept


def _replace_seeds(block: Any, seeds: Any) -> None:
    if isinstance(block, dict) and isinstance(seeds, dict):
        for key, value in block.items():
            if key in SEEDS and key in seeds:
                block[key] = seeds[key]
            else:
                _replace_seeds(value, seeds.get(key))


def list_seeds(params: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """List the seeds of params.yaml, each by the keys that lead to it, without those of the data."""
    yield from _walk_seeds({name: block for name, block in params.items() if name not in DATA_BLOCKS}, ())


def _walk_seeds(block: Any, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(block, dict):
        for key, value in block.items():
            if key in SEEDS and not isinstance(value, dict | list):
                yield (*above, key)
            else:
                yield from _walk_seeds(value, (*above, str(key)))


def is_seed(key: str) -> bool:
    """Tell whether a parameter, by the path of its key, is a seed that is noise."""
    block, _, _ = key.partition(".")
    return key.rpartition(".")[2] in SEEDS and block not in DATA_BLOCKS


def read_value(params: Any, keys: Iterable[str]) -> Any:
    """Read the value at the end of some keys; None where there is none."""
    for key in keys:
        params = params.get(key) if isinstance(params, dict) else None
    return params


def _list_moved_seeds(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    for keys in list_seeds(after):
        was, now = read_value(before, keys), read_value(after, keys)
        if was is not None and was != now:
            yield f"{'.'.join(keys)} {was} → {now}"
