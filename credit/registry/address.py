"""The address of the store: RELEASE_STORE, else the file release.yaml, which is in git; there is no default.

Variables may be files, as Docker and Kubernetes hand out secrets.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

from pydantic import ConfigDict, ValidationError

from credit.common.errors import CreditError, Problem, list_problems
from credit.common.files import read_yaml
from credit.contract.frozen_model import FrozenModel
from credit.registry.store import MissingStoreError, Store

ADDRESS_FILE = "release.yaml"
VARIABLE = "RELEASE_STORE"

_SECRETS_VARIABLE = "SERVICE_SECRETS"
_VARIABLE_NAME = re.compile("[A-Z][A-Z0-9_]*")

_RUNNERS = ("GITHUB_ACTIONS", "GITLAB_CI")
"""Variables that are `true` where a job runs on a machine whose disk is lost."""


class StoreAddress(NamedTuple):
    """The address of a store, and where it is written: the variable or the file."""

    url: str
    source: str

    def __str__(self) -> str:
        return f"{self.url} (by {self.source})"


class _AddressFile(FrozenModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    store: str


def load_secret_files() -> None:
    """Set every variable that has a file in the folder SERVICE_SECRETS, such as PGPASSWORD; one that is set stays.

    Files with other names are left alone. Raises CreditError when the folder or a file cannot be read.
    """
    folder = os.environ.get(_SECRETS_VARIABLE)
    if not folder:
        return
    try:
        for file in Path(folder).iterdir():
            if _VARIABLE_NAME.fullmatch(file.name):
                os.environ.setdefault(file.name, file.read_text().strip())
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "a file that is not text"
        raise CreditError(Problem(f"{_SECRETS_VARIABLE} {folder}", said, "a folder of readable files")) from None


def find_address() -> StoreAddress:
    """Find the address of the store, without the blanks around it.

    Raises CreditError when nothing names one, or a runner would lose it.
    """
    expected = "a folder, or a bucket such as s3://models"
    if set_url := os.environ.get(VARIABLE):  # GitHub sets what has no value to nothing, which is as if it were not set
        if url := set_url.strip():
            return StoreAddress(url, VARIABLE)
        raise CreditError(Problem(VARIABLE, "blanks alone", expected, f"unset it, and {ADDRESS_FILE} names the store"))
    if not Path(ADDRESS_FILE).is_file():
        fix = f"set it, or run this in a clone of the project, where {ADDRESS_FILE} names the store"
        raise CreditError(Problem(VARIABLE, "nothing", expected, fix))
    url = _read_file(Path(ADDRESS_FILE)).store.strip()
    if "://" not in url and "true" in map(os.environ.get, _RUNNERS):
        found = f"nothing, and the folder {url} of {ADDRESS_FILE} is lost with the runner's disk"
        raise CreditError(Problem(VARIABLE, found, "a bucket such as s3://models", "set the variable there"))
    return StoreAddress(url, ADDRESS_FILE)


def open_store(make: bool = False, seconds: float | None = None) -> Store:
    """Open the store at its address. Raises MissingStoreError for a folder that is not there.

    `make`: create such a folder as an empty store. Only for who writes: to a reader, a mistyped address would look like
    a store in which nothing is live.
    `seconds`: what a bucket may take to answer; by default much longer.
    """
    address = find_address()
    try:
        return Store(address.url, make, seconds)
    except MissingStoreError as error:
        raise MissingStoreError(error.problems[0]._replace(where=f"the store {address}")) from None


def _read_file(path: Path) -> _AddressFile:
    try:
        found = _AddressFile.model_validate(read_yaml(path))
    except ValidationError as error:
        raise CreditError(list_problems(error, str(path))) from None
    if not found.store.strip():
        raise CreditError(Problem(f"{path}: store", "nothing", "a folder, or a bucket such as s3://models"))
    return found
