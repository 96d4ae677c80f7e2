"""The fields of a request: what clients may send to a version, and what they must."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from credit.bundle.bundle import Bundle, bind_features, find_inputs, load_bundle_features, load_rule
from credit.contract.columns import Column, Family
from credit.contract.contract import Contract
from credit.contract.loading import load_contract

REQUEST_FILES = ("contract.yaml", "features.json", "heuristic.json")
"""The files of a bundle that say what a request has."""


@dataclass(frozen=True)
class RequestFields:
    """What clients of a version send: its columns, of which some are needed, and protected attributes.

    `families`: features that are known by a pattern; `ruled`: what the rule needs.
    """

    columns: Mapping[str, Column]
    needed: frozenset[str]
    families: tuple[Family, ...]
    protected: Mapping[str, Column]
    ruled: frozenset[str]

    def find_column(self, name: str) -> Column | None:
        """Find the description of a field, also of a family's member; None when the version does not take it."""
        if (column := self.columns.get(name)) is not None:
            return column
        return next((one.describe_member() for one in self.families if re.fullmatch(one.pattern, name)), None)


def list_request_fields(bundle: Bundle) -> RequestFields:
    """List the fields of a loaded version."""
    return _build_fields(bundle.contract, bundle.families, bundle.model.features, bundle.rule.column)


def read_request_fields(folder: Path) -> RequestFields:
    """Read the fields of a version from the REQUEST_FILES of its bundle. Raises CreditError when one is faulty."""
    features, whole = load_bundle_features(folder).features, load_contract(folder / "contract.yaml")
    contract = bind_features(whole, features, str(folder / "contract.yaml"))
    return _build_fields(contract, whole.families, features, load_rule(folder).column)


def list_request_columns(bundle: Bundle) -> dict[str, Column]:
    """List the columns that a request may have: those that the model and the rule need, which it must have, and others.

    Others that the contract lets a model see, or compute from, are taken too, checked and logged, so that a client who
    sends whole applications is answered by whatever version is live: a rollback must not lose a request.
    """
    return dict(list_request_fields(bundle).columns)


def _build_fields(
    contract: Contract, families: Mapping[str, Family], features: Sequence[str], rule_column: str
) -> RequestFields:
    needed, taken = frozenset(find_inputs(contract, [*features, rule_column])), contract.inputs
    return RequestFields(
        columns={name: column for name, column in contract.raw.items() if name in needed or name in taken},
        needed=needed,
        families=tuple(one for one in families.values() if one.role == "feature"),
        protected=contract.protected,
        ruled=frozenset(find_inputs(contract, [rule_column])),
    )
