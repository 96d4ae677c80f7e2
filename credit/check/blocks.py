"""Every block of params.yaml that the pipeline reads, with the model that it has to fit."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from credit.alternatives.params import FindAlternativesParams
from credit.choice.champion import ChooseParams
from credit.common.errors import CreditError, Problem
from credit.common.files import read_yaml
from credit.common.params import DataParams, Params, parse_block
from credit.data.manifest.params import IngestParams
from credit.data.splitting import SplitParams
from credit.engine.settings import EngineParams
from credit.evaluation.candidates import ListedCandidates
from credit.evaluation.metrics import EvaluateParams
from credit.fairness.policies import Fairness
from credit.learning.curve import GrowSampleParams
from credit.selection.fold_features import PredictParams, SelectInFoldsParams
from credit.selection.selection import SelectFeaturesParams
from credit.stability.repeats import StabilityParams
from credit.training.agreement import PackageParams
from credit.training.train import TrainParams
from credit.validation.expectations import ValidateParams
from scenario.params import FetchParams
from watch.params import WatchParams

BLOCKS: Mapping[str, type[Params]] = {
    "data": DataParams,
    "engine": EngineParams,
    "fetch": FetchParams,
    "ingest": IngestParams,
    "validate": ValidateParams,
    "split": SplitParams,
    "select_features": SelectFeaturesParams,
    "train": TrainParams,
    "grow_sample": GrowSampleParams,
    "evaluate": EvaluateParams,
    "select_in_folds": SelectInFoldsParams,
    "predict": PredictParams,
    "fairness": Fairness,
    "choose": ChooseParams,
    "stability": StabilityParams,
    "find_alternatives": FindAlternativesParams,
    "package": PackageParams,
    "watch": WatchParams,
}
"""In the order of the file. A block has the name of its stage, but for `data` and `engine`; blocks within one are
fields of its model."""

_STAGES = Path(__file__).parents[2] / "stages"

P = TypeVar("P", bound=Params)


class ReadBlocks(NamedTuple):
    """The blocks that could be read, and the problems of the others. `candidates`: the list, where it can be read."""

    models: tuple[Params, ...]
    candidates: tuple[str, ...]
    problems: tuple[Problem, ...]

    def find(self, model: type[P]) -> P | None:
        """Find the block of a model; None where it has faults, or there is none."""
        return next((one for one in self.models if isinstance(one, model)), None)


def read_blocks(path: Path) -> ReadBlocks:
    """Read every block of params.yaml. Raises CreditError when it is missing or not YAML."""
    content = read_yaml(path)
    given = content if isinstance(content, dict) else {}
    problems = [
        Problem(f"{path}: {name}", "a block that nothing reads", fix="is it misspelt? credit/check/blocks.py has them")
        for name in given
        if name not in BLOCKS
    ]
    models: list[Params] = []
    for name, model in BLOCKS.items():  # without those of stages that were removed, as `fetch` may be
        if name in given or name == "data" or (_STAGES / f"{name}.py").exists():
            try:
                models.append(parse_block(content, model, name, path))
            except CreditError as error:
                problems += error.problems if name in given else [_describe_missing(path, name, model)]
    return ReadBlocks(tuple(models), _list_candidates(content, path), tuple(problems))


def _describe_missing(path: Path, name: str, model: type[Params]) -> Problem:
    """Describe a block that is not there: in a project of an older version its keys are what a person has to write."""
    try:
        parse_block({name: {}}, model, name, path)
        keys = []
    except CreditError as error:
        keys = [problem.where.rpartition(".")[2] for problem in error.problems]
    expected = "the block of this stage, " + (f"with {', '.join(keys)}" if keys else f"were it {name}: {{}}")
    return Problem(f"{path}: {name}", "no such block", expected)


def _list_candidates(content: object, path: Path) -> tuple[str, ...]:
    """List the candidates even where other keys of `train` have faults."""
    try:
        return parse_block(content, ListedCandidates, "train", path).candidates
    except CreditError:
        return ()
