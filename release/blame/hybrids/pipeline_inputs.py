"""The inputs of a pipeline that no stage makes, from the text of dvc.yaml: paths, and blocks of params.yaml."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from credit.common.errors import CreditError, Problem
from credit.common.files import describe_yaml_error

PARAMS, PIPELINE, LOCK = "params.yaml", "dvc.yaml", "dvc.lock"
_TEMPLATE = re.compile(r"\$\{\s*([\w.]+)")


class StageInputs(NamedTuple):
    """One entry of dvc.yaml. Paths are cut where a value of the parameters is put in; `blocks`: of params.yaml."""

    name: str
    deps: tuple[str, ...]
    outs: tuple[str, ...]
    blocks: frozenset[str]


class PipelineInputs(NamedTuple):
    """The stages that a figure comes from, and all outputs of the pipeline."""

    stages: tuple[StageInputs, ...]
    outs: tuple[str, ...]

    @property
    def blocks(self) -> frozenset[str]:
        """The blocks of params.yaml that one of the stages reads."""
        return frozenset().union(*(stage.blocks for stage in self.stages))

    @property
    def deps(self) -> tuple[str, ...]:
        """The paths that one of the stages reads and no stage makes."""
        read = dict.fromkeys(path for stage in self.stages for path in stage.deps)
        return tuple(path for path in read if not is_below(path, self.outs) and path != PARAMS)


def read_pipeline_inputs(text: str, where: str, target: str) -> PipelineInputs:
    """Read dvc.yaml: the stages down to `target`. Raises CreditError when it has no such stage, or is none of DVC's."""
    try:
        content = yaml.load(text, yaml.CSafeLoader)
        stages = [_read_stage(name, entry) for name, entry in content["stages"].items()]
    except yaml.YAMLError as error:
        raise CreditError(Problem(where, describe_yaml_error(error))) from None
    except (AttributeError, KeyError, TypeError):
        raise CreditError(Problem(where, "no stages", "a pipeline of DVC")) from None
    by_name = {stage.name: stage for stage in stages}
    if target not in by_name:
        raise CreditError(Problem(where, f"no stage {target}", "the stage that writes the figures"))
    outs = tuple(path for stage in stages for path in stage.outs)
    return PipelineInputs(tuple(_find_upstream(by_name[target], stages)), outs)


def _read_stage(name: str, entry: dict[str, Any]) -> StageInputs:
    outs = [*(entry.get("outs") or ()), *(entry.get("metrics") or ()), *(entry.get("plots") or ())]
    params = [key for key in entry.get("params") or () if isinstance(key, str)]
    templates = [key for key in _TEMPLATE.findall(yaml.safe_dump(entry)) if not key.startswith("item.")]
    return StageInputs(
        name,
        tuple(_cut_template(path) for path in entry.get("deps") or ()),
        tuple(_cut_template(_read_path(out)) for out in outs),
        frozenset(key.partition(".")[0] for key in (*params, *templates)),
    )


def _read_path(out: str | dict[str, Any]) -> str:
    return out if isinstance(out, str) else str(next(iter(out)))


def _cut_template(path: str) -> str:
    """Cut a path at the first value that is put into it: `data/raw/${data.contract}` is about `data/raw/`."""
    start, found, _ = path.partition("${")
    return start.rpartition("/")[0] + "/" if found else path


def _find_upstream(stage: StageInputs, stages: list[StageInputs]) -> Iterator[StageInputs]:
    """Find a stage and all from which it has its inputs, in the order of the file."""
    wanted, found = [stage], {stage.name}
    while wanted:
        deps = wanted.pop().deps
        makers = [
            one for one in stages if one.name not in found and any(_overlaps(a, b) for a in one.outs for b in deps)
        ]
        wanted += makers
        found |= {one.name for one in makers}
    yield from (one for one in stages if one.name in found)


def _overlaps(one: str, other: str) -> bool:
    return is_below(one, (other,)) or is_below(other, (one,))


def is_below(path: str, folders: tuple[str, ...]) -> bool:
    """Tell whether a path is one of these paths, or below one of them."""
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)
