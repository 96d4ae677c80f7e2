"""Parameters of stages and commands: each from its own block of params.yaml, checked."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic_core import InitErrorDetails, PydanticCustomError

from credit.common.errors import CreditError, Location, Problem, list_problems
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
    return parse_block(read_yaml(path), model, block, path)


def parse_block(content: Any, model: type[P], block: str, path: Path) -> P:
    """Parse one block of the content of params.yaml, as `read_params` does."""
    for name in block.split("."):
        if not isinstance(content, dict) or name not in content:
            raise CreditError(Problem(f"{path}: {block}", "no such block", "the block of this stage"))
        content = content[name] or {}
    try:
        return model.model_validate(content)
    except ValidationError as error:

        def accepts_null(key: Location) -> bool:
            return _accepts_null(model, content, key)

        raise CreditError(list_problems(error, str(path), block, accepts_null)) from None


def _accepts_null(model: type[Params], content: Any, key: Location) -> bool:
    """Tell whether a key that is missing, such as (`policy`, `approval_share`), may be there and null."""
    filled = place = deepcopy(content)
    try:
        for name in key[:-1]:
            place = place[name]
        place[key[-1]] = None
    except (LookupError, TypeError):  # pydantic names a place that the file does not have, as of a union's variant
        return False
    try:
        model.model_validate(filled)
    except ValidationError as error:
        # of a union each variant is named below the key
        return all(item["loc"][: len(key)] != key for item in error.errors(include_url=False))
    return True


def check_named_blocks(block: Any, models: Mapping[str, Any], into: str, check_rest: Callable[[Any], P]) -> P:
    """Check a block that has keys of its own and blocks by name, such as one per candidate; for a `wrap` validator.

    `models`: by name the type of its block, `into`: the field that takes those that are there, `check_rest`: the
    validator's handler. Raises one ValidationError with the findings of all of them, each under the key of the file.
    """
    if not isinstance(block, dict):
        return check_rest(block)
    own = {name: block[name] for name in models if name in block}
    rest = {key: value for key, value in block.items() if key not in own}
    fields: dict[str, Any] = {name: (models[name], ...) for name in own}
    named = create_model("Blocks", __base__=Params, **fields)
    errors: list[ValidationError] = []
    try:
        rest |= {into: dict(named.model_validate(own))}
    except ValidationError as error:
        errors.append(error)
        rest |= {into: {}}
    try:
        checked = check_rest(rest)
    except ValidationError as error:
        errors.append(error)
    if errors:
        raise ValidationError.from_exception_data(into, [item for error in errors for item in _list_details(error)])
    return checked


def _list_details(error: ValidationError) -> Iterator[InitErrorDetails]:
    for item in error.errors(include_url=False):
        kind = PydanticCustomError(item["type"], item["msg"], item.get("ctx"))
        yield InitErrorDetails(type=kind, loc=item["loc"], input=item["input"])


def locate_contract() -> Path:
    """Locate the contract that params.yaml names. For commands of people; stages get theirs from dvc.yaml.

    Raises CreditError where there is no contract of this name.
    """
    name = read_params(DataParams, "data").contract
    path = Path(f"data/contracts/{name}.yaml")
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in path.parent.glob("*.yaml"))) or "those that you draft"
        fix = "make contract FILE=loans.csv drafts one"
        raise CreditError(Problem("params.yaml: data.contract", repr(name), f"one of {known}", fix))
    return path
