"""The contract: one YAML file that describes a dataset, and who may see which column.

`load_contract(path)` gives a frozen `Contract`. Column types, roles and the rules between them are checked here,
all findings at once, before any data is read.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from credit.common.errors import CreditError, Problem, list_problems, raise_if_any
from credit.common.files import read_yaml
from credit.contract.columns import Column, ColumnRole, Family, FrozenModel
from credit.contract.leakage import find_leaks

_QUESTION_MARK = "?"  # a value that starts with this is a question which a person has not answered yet


class DataSource(FrozenModel):
    """Where the data comes from, under which licence, and how to cite it."""

    title: str
    licence: str
    citation: str
    notes: str = ""


class Contract(FrozenModel):
    """A dataset's description. `columns` keeps the order of the file; derived columns have `sql`."""

    name: str
    row: str
    reviewed: str = ""
    source: DataSource
    columns: dict[str, Column]
    families: dict[str, Family] = Field(default_factory=dict)

    @property
    def raw(self) -> dict[str, Column]:
        """The columns that the raw file must have."""
        return {name: column for name, column in self.columns.items() if column.sql is None}

    @property
    def derived(self) -> dict[str, Column]:
        """The columns computed from others by their SQL expression."""
        return {name: column for name, column in self.columns.items() if column.sql is not None}

    @property
    def features(self) -> dict[str, Column]:
        """What a model may see: roles feature and score, never a protected column."""
        return {name: column for name, column in self.columns.items() if column.role in ("feature", "score")}

    @property
    def protected(self) -> dict[str, Column]:
        """The attributes by which equal treatment is judged."""
        return self.find_by_role("protected")

    @property
    def label(self) -> str:
        """The name of the label column."""
        return next(iter(self.find_by_role("label")))

    @property
    def score(self) -> str | None:
        """The name of the column that the rule decides by, if the dataset has one."""
        return next(iter(self.find_by_role("score")), None)

    def find_by_role(self, role: ColumnRole) -> dict[str, Column]:
        """Find the columns of one role."""
        return {name: column for name, column in self.columns.items() if column.role == role}

    def bind(self, names: Iterable[str], where: str) -> "Contract":
        """Replace each family by its members among `names`, the columns of the file `where`.

        Raises CreditError that lists every missing and every unknown column.
        """
        counts = Counter(iter(names))  # of a dict, Counter would take the values for counts
        families = {name: self._match_families(name) for name in counts if name not in self.columns}
        raise_if_any(self._find_binding_problems(counts, families, where))
        members = {name: self.families[keys[0]].describe_member() for name, keys in families.items()}
        return self.model_copy(update={"columns": {**self.columns, **members}, "families": {}})

    def _match_families(self, name: str) -> list[str]:
        return [key for key, family in self.families.items() if re.fullmatch(family.pattern, name)]

    def _find_binding_problems(
        self, counts: Mapping[str, int], families: Mapping[str, list[str]], where: str
    ) -> list[Problem]:
        """Find missing, unknown, duplicate and ambiguous columns. `families`: those that each new column matches."""
        missing = [
            Problem(f"{where}: {name}", "no such column", fix=f"the contract has one of type {column.type}")
            for name, column in self.raw.items()
            if name not in counts
        ]
        unknown = [
            Problem(f"{where}: {name}", "not in the contract", fix="describe the column there, or remove it here")
            for name, keys in families.items()
            if not keys
        ]
        doubled = [
            Problem(f"{where}: {name}", f"duplicate column, {count} times")
            for name, count in counts.items()
            if count > 1
        ]
        ambiguous = [
            Problem(f"{where}: {name}", f"matches the families {keys}", fix="change a pattern: a column has one family")
            for name, keys in families.items()
            if len(keys) > 1
        ]
        return [*missing, *unknown, *doubled, *ambiguous]


def load_contract(path: str | Path) -> Contract:
    """Read and check a contract file. Raises CreditError with every problem that it has."""
    file = str(path)
    content = read_yaml(Path(path))
    if not isinstance(content, dict):
        raise CreditError(Problem(file, "no keys", "a contract"))
    raise_if_any(
        [
            Problem(f"{file}: {key}", f"the open question {value!r}", "a person's answer")
            for key, value in _walk_leaves(content)
            if isinstance(value, str)
            and value.startswith(_QUESTION_MARK)
            and not (value == _QUESTION_MARK and _is_list_item(key))
        ]
    )
    try:
        contract = Contract.model_validate(content)
    except ValidationError as error:
        raise CreditError(list_problems(error, file)) from None
    raise_if_any(_find_name_problems(contract, file))
    raise_if_any([*_find_role_problems(contract, file), *find_leaks(contract.columns, contract.families, file)])
    return contract


def _walk_leaves(node: Any, key: str = "") -> Iterable[tuple[str, Any]]:
    if isinstance(node, dict | list):
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for name, value in items:
            yield from _walk_leaves(value, f"{key}.{name}" if key else str(name))
    else:
        yield key, node


def _is_list_item(key: str) -> bool:
    """Tell whether a key is that of a list's item: there a lone `?` is data, a common code for a missing value."""
    return key.rpartition(".")[2].isdigit()


def _find_role_problems(contract: Contract, file: str) -> list[Problem]:
    problems = []
    for role, least, most in (("label", 1, 1), ("score", 0, 1), ("id", 0, 1), ("time", 0, 1)):
        names = list(contract.find_by_role(role))  # type: ignore[arg-type]
        if not least <= len(names) <= most:
            expected = "exactly one" if least else "at most one"
            problems.append(Problem(f"{file}: columns", f"{names or 'no column'} of role {role}", expected))
    if not contract.features and not any(family.role == "feature" for family in contract.families.values()):
        problems.append(Problem(f"{file}: columns", "no column of role feature", "at least one"))
    return problems


def _find_name_problems(contract: Contract, file: str) -> list[Problem]:
    """Find names that SQL takes for the same, and invalid patterns."""
    problems = []
    first: dict[str, str] = {}
    for name in contract.columns:
        other = first.setdefault(name.casefold(), name)
        if other != name:
            found = f"the same name as {other} to SQL, which ignores case"
            problems.append(Problem(f"{file}: columns.{name}", found, "another name"))
    for name, family in contract.families.items():
        try:
            re.compile(family.pattern)
        except re.error as error:
            problems.append(Problem(f"{file}: families.{name}.pattern", f"not a regular expression: {error}"))
    return problems
