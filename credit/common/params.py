"""Parameters of stages and commands: each from its own block of params.yaml, checked."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from credit.common.errors import CreditError, Problem, list_problems
from credit.common.files import read_yaml


class Params(BaseModel):
    """A block of params.yaml: frozen, and an unknown key, NaN or an infinity is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataParams(Params):
    """The block `data`. `contract`: the name of the dataset in use."""

    contract: str


P = TypeVar("P", bound=Params)


def read_params(model: type[P], block: str, path: Path = Path("params.yaml")) -> P:
    """Read one block of params.yaml, such as `train` or `train.policy`, as its model.

    Raises CreditError with every unknown, missing or impossible value.
    """
    content = read_yaml(path)
    for name in block.split("."):
        if not isinstance(content, dict) or name not in content:
            raise CreditError(Problem(f"{path}: {block}", "no such block", "the block of this stage"))
        content = content[name] or {}
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise CreditError(list_problems(error, str(path), block)) from None


def locate_contract() -> Path:
    """Locate the contract that params.yaml names. For commands of people; stages get theirs from dvc.yaml."""
    return Path(f"data/contracts/{read_params(DataParams, 'data').contract}.yaml")
