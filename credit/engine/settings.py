"""Which engine computes partitions: the variable CREDIT_ENGINE says it, else params.yaml, else this machine does.

It says where results are computed and nothing about what they are, so it is no dependency of any stage.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from credit.common.errors import CreditError, Problem
from credit.common.files import read_yaml
from credit.common.invalid_values import make_value_error
from credit.common.params import Params, parse_block

VARIABLE = "CREDIT_ENGINE"

_ADDRESS = re.compile(r"(tcp|tls)://([^\s/:]+|\[[0-9a-fA-F:]+\]):\d{1,5}", re.ASCII)
_EXPECTED = "an address like tcp://scheduler:8786"


class EngineParams(Params):
    """Where partitions are computed: the block `engine` of params.yaml, which may be left out.

    address: of Dask's scheduler. partitions: how many tasks a table's blocks of rows are dealt into; null: one each.
    """

    kind: Literal["local", "dask"] = "local"
    address: str | None = None
    partitions: int | None = Field(default=None, ge=1)

    @field_validator("address")
    @classmethod
    def _check_address(cls, address: str | None) -> str | None:
        if address is not None and not _ADDRESS.fullmatch(address):
            raise make_value_error(repr(address)[:80], _EXPECTED)
        return address

    @model_validator(mode="after")
    def _check_reachable(self) -> "EngineParams":
        if self.kind == "dask" and self.address is None:
            raise make_value_error("kind dask without an address", _EXPECTED)
        return self


def read_engine(path: Path = Path("params.yaml"), variables: Mapping[str, str] = os.environ) -> EngineParams:
    """Read which engine is asked for: by the variable, else by the file where it has such a block.

    Raises CreditError for a value that names none.
    """
    content = read_yaml(path) if path.exists() else {}
    named = isinstance(content, dict) and "engine" in content
    params = parse_block(content, EngineParams, "engine", path) if named else EngineParams()
    given = variables.get(VARIABLE, "")
    if not given:
        return params
    if given == "local":
        return params.model_copy(update={"kind": "local"})
    if not _ADDRESS.fullmatch(given):
        raise CreditError(Problem(VARIABLE, repr(given)[:80], f"local, or {_EXPECTED}"))
    return params.model_copy(update={"kind": "dask", "address": given})
