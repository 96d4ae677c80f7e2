"""The address of the store: RELEASE_STORE, else the file release.yaml, which is in git; there is no default."""

import os
from pathlib import Path
from typing import NamedTuple

from pydantic import ConfigDict, ValidationError

from credit.common.errors import CreditError, Problem, list_problems
from credit.common.files import read_yaml
from credit.contract.frozen_model import FrozenModel
from credit.registry.store import Store

ADDRESS_FILE = "release.yaml"
VARIABLE = "RELEASE_STORE"


class StoreAddress(NamedTuple):
    """The address of a store, and where it is written: the variable or the file."""

    url: str
    source: str

    def __str__(self) -> str:
        return f"{self.url} (by {self.source})"


class _AddressFile(FrozenModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    store: str


def find_address() -> StoreAddress:
    """Find the address of the store. Raises CreditError when nothing names one, or a runner would lose it."""
    if url := os.environ.get(VARIABLE):
        return StoreAddress(url, VARIABLE)
    expected = "a folder, or a bucket such as s3://models"
    if not Path(ADDRESS_FILE).is_file():
        fix = f"set it, or run this in a clone of the project, where {ADDRESS_FILE} names the store"
        raise CreditError(Problem(VARIABLE, "nothing", expected, fix))
    url = _read_file(Path(ADDRESS_FILE)).store
    if "://" not in url and os.environ.get("GITHUB_ACTIONS") == "true":
        found = f"nothing, and the folder {url} of {ADDRESS_FILE} is lost with the runner's disk"
        raise CreditError(Problem(VARIABLE, found, "a bucket such as s3://models", "set the variable on GitHub"))
    return StoreAddress(url, ADDRESS_FILE)


def open_store(make: bool = True) -> Store:
    """Open the store at its address.

    `make`: create a missing folder as an empty store. Do not set it for readers: the folder may have vanished.
    """
    return Store(find_address().url, make)


def _read_file(path: Path) -> _AddressFile:
    try:
        found = _AddressFile.model_validate(read_yaml(path))
    except ValidationError as error:
        raise CreditError(list_problems(error, str(path))) from None
    if not found.store.strip():
        raise CreditError(Problem(f"{path}: store", "nothing", "a folder, or a bucket such as s3://models"))
    return found
