"""The parts of a contract file that can be read: those that are valid by themselves, and the roles of all."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import ValidationError

from credit.common.errors import Problem
from credit.contract.columns import Column, ColumnRole, Family
from credit.contract.contract import Contract
from credit.contract.frozen_model import FrozenModel
from credit.contract.outline.open_questions import QUESTION_MARK
from credit.contract.rule import Rule

_Part = TypeVar("_Part", bound=FrozenModel)


class ContractOutline(NamedTuple):
    """What can be read of a contract file, however many faults it has.

    `roles`: of each column, and of each family under `families.<name>`, those in question by their proposal, all where
    there is a list of them; `texts`: the keys that each of these has. `contract` has those parts only that are valid by
    themselves.
    """

    file: str
    contract: Contract
    roles: Mapping[str, tuple[str, ...]]
    texts: Mapping[str, Mapping[str, Any]]
    has_rule: bool
    problems: tuple[Problem, ...]

    def select_roles(self, *roles: str) -> list[str]:
        """Select the columns and families of some roles."""
        return [name for name, own in self.roles.items() if set(own) & set(roles)]

    def lacks_role(self, *roles: str) -> bool:
        """Tell whether no column has one of some roles; a misspelt role may be the one that is missed."""
        known = all(set(own) <= set(get_args(ColumnRole)) and own for own in self.roles.values())
        return known and not self.select_roles(*roles)


def list_parts(content: Mapping[str, Any], block: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the columns, or families, that are mappings."""
    parts = content.get(block)
    prefix = "" if block == "columns" else f"{block}."
    for name, of in parts.items() if isinstance(parts, dict) else ():
        if isinstance(of, dict):
            yield f"{prefix}{name}", of


def read_roles(of: Mapping[str, Any]) -> tuple[str, ...]:
    """Read the role of a column or family: its proposal where it is in question, all where there is a list."""
    given = of.get("role", [])
    listed = given if isinstance(given, list) else [given]
    return tuple(str(role).removeprefix(QUESTION_MARK).strip() for role in listed)


def read_valid_parts(content: Mapping[str, Any], questions: Mapping[str, str]) -> Contract:
    """Read the whole contract where it is valid, else its valid parts."""
    try:
        if not questions:
            return Contract.model_validate(content).complete_rule().complete_formats()
    except ValidationError:
        pass
    rules = {"rule": content["rule"]} if isinstance(content.get("rule"), dict) else {}
    partial: Contract = Contract.model_construct(  # type: ignore[call-arg]  # those of its parts that are sound
        columns=_validate_each(Column, dict(list_parts(content, "columns")), "columns", questions),
        families=_validate_each(Family, _list_named(content, "families"), "families", questions),
        rule=_validate_each(Rule, rules, "", questions).get("rule"),
    )
    return partial.complete_rule()


def _list_named(content: Mapping[str, Any], block: str) -> dict[str, dict[str, Any]]:
    return {name.removeprefix(f"{block}."): of for name, of in list_parts(content, block)}


def _validate_each(
    kind: type[_Part], parts: Mapping[str, Any], block: str, questions: Mapping[str, str]
) -> dict[str, _Part]:
    valid = {}
    for name, of in parts.items():
        key = f"{block}.{name}." if block else f"{name}."
        if any(asked.startswith(key) for asked in questions):
            continue
        try:
            valid[name] = kind.model_validate(of)
        except ValidationError:
            continue
    return valid
