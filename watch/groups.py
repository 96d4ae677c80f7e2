"""The groups of people of a version, and the codes by which applicants are assigned to them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from credit.bundle.manifest import MANIFEST_FILE
from credit.common.temporary import make_temporary_folder
from credit.contract.columns import Column
from credit.contract.groups import list_groups
from credit.contract.levels import OTHER_GROUP, UNDISCLOSED
from credit.contract.loading import load_contract
from credit.registry.store import Store
from credit.registry.stored_fields import fetch_request_files


class WatchedGroups(NamedTuple):
    """The protected attributes of a version, and the names of their groups, the reference group first."""

    columns: Mapping[str, Column]
    names: Mapping[str, Sequence[str]]

    @property
    def number(self) -> int:
        """The number of groups that are compared with a reference group, among whom alpha is shared."""
        return sum(len(names) - 1 for names in self.names.values())

    def assign(self, protected: str) -> list[int]:
        """Assign an applicant to a group of each attribute, by the place of its name. `protected`: as it is logged."""
        values: dict[str, Any] = from_json(protected) or {}
        return [names.index(self.columns[name].find_group(values.get(name))) for name, names in self.names.items()]

    def assign_all(self, protected: Sequence[str]) -> NDArray[np.int64]:
        """Assign applicants to groups, shape (n, attributes); many tell the same, which is read once."""
        known = {text: self.assign(text) for text in set(protected)}
        return np.array([known[text] for text in protected], np.int64).reshape(len(protected), len(self.names))


def list_watched_groups(columns: Mapping[str, Column], names: Mapping[str, Sequence[str]]) -> WatchedGroups:
    """List the groups of a version: those of its contract, the undisclosed, and those that it does not name."""
    added = {name: tuple(dict.fromkeys([*listed, OTHER_GROUP, UNDISCLOSED])) for name, listed in names.items()}
    return WatchedGroups(columns, added)


def read_watched_groups(store: Store, digest: str) -> WatchedGroups | None:
    """Read the groups of a version in the store; None when the store has no bundle of this digest.

    Raises CreditError when the store does not answer, or the bundle's files are not those of its digest.
    """
    if store.read(f"bundles/{digest}/{MANIFEST_FILE}") is None:
        return None
    with make_temporary_folder() as temporary:
        folder = Path(temporary) / "bundle"
        fetch_request_files(store, digest, folder)
        contract = load_contract(folder / "contract.yaml")
    return list_watched_groups(contract.protected, {name: list_groups(contract, name) for name in contract.protected})
