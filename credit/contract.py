"""The contract: one YAML file that says what a dataset is, and who may see which column.

`load_contract(path)` gives a frozen `Contract`. Column types, roles and the rules between them are checked here,
all findings at once, before any data is read.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from credit.errors import CreditError, Problem, problems_of, raise_if_any
from credit.files import read_yaml

Type = Literal["boolean", "integer", "number", "category", "text", "date", "timestamp"]
Role = Literal["feature", "score", "label", "protected", "id", "time", "ignored"]
Scalar = bool | int | float | str

UNDISCLOSED = "undisclosed"
"""The group of people whose protected attribute is not known."""

_MARK = "?"  # a value that starts with this is a question which a person has not answered yet


def _one_role(value: Any) -> Any:
    if isinstance(value, list):
        raise ValueError(f"the roles {value}|one role|a protected column is never a feature")
    return value


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Part):
    """One column: what it holds, what it is for, and what is said to an applicant when it counts against them.

    `allowed` and `range` (lowest, highest; null is open) bound the values; `missing_codes` are values of the raw
    file that mean "not known"; `missing` says whether a row without a value is accepted.
    """

    type: Type
    role: Annotated[Role, BeforeValidator(_one_role)]
    description: str
    allowed: tuple[Scalar, ...] | None = None
    range: tuple[float | None, float | None] | None = None
    missing: Literal["allowed", "refused"] = "refused"
    missing_codes: tuple[int | float | str, ...] = ()
    sql: str | None = None
    reason: str | None = None
    because: str | None = None
    favourable: Scalar | None = None
    reference: str | None = None
    threshold: float | None = None

    @model_validator(mode="after")
    def _fits_its_role(self) -> Self:
        needs = {
            "ignored": ("because", "why the model may not see it"),
            "label": ("favourable", "the value that is good for the applicant"),
            "protected": ("reference", "the group that the others are compared with"),
            "score": ("threshold", "the score from which the rule lets an applicant pass"),
        }
        key, meaning = needs.get(self.role, ("description", ""))
        if getattr(self, key) is None:
            raise ValueError(f"role {self.role} without `{key}`|`{key}`: {meaning}")
        for other, (owned, _) in {v[0]: (k, v) for k, v in needs.items()}.items():
            if owned != self.role and getattr(self, other) is not None:
                raise ValueError(f"`{other}` on a column of role {self.role}|it on role {owned} only")
        self._has_a_domain()
        return self

    def _has_a_domain(self) -> None:
        if self.type == "category" and not self.allowed:
            raise ValueError("a category without `allowed`|the list of its values")
        if self.type == "category" and not all(isinstance(value, str) for value in self.allowed or ()):
            raise ValueError(f"category values {list(self.allowed or ())}|text|put them in quotes")
        if self.allowed and self.type in ("number", "date", "timestamp"):
            raise ValueError(f"`allowed` on type {self.type}|`range`, or type category")
        if self.range and self.type not in ("integer", "number"):
            raise ValueError(f"`range` on type {self.type}|it on integer or number")
        if self.range and not self._range_is_in_order():
            raise ValueError(f"`range` {list(self.range)}|[lowest, highest]")
        if self.allowed is not None and not self.allowed:
            raise ValueError("`allowed` without a value|the list of values, or no `allowed`")
        if self.allowed and len(set(map(str, self.allowed))) < len(self.allowed):
            raise ValueError(f"a value twice in {list(self.allowed)}|each once")
        if self.role == "protected" and self.type != "category":
            raise ValueError(f"a protected column of type {self.type}|type category|derive the groups with `sql`")
        for key, value in (("favourable", self.favourable), *(("allowed", value) for value in self.allowed or ())):
            if value is not None and not self._is_of_my_type(value):
                raise ValueError(f"{key} {value!r}|a value of type {self.type}|a comparison with it is never true")
        for key, value in (("favourable", self.favourable), ("reference", self.reference)):
            if value is not None and self.allowed and value not in self.allowed:
                raise ValueError(f"{key} {value!r}|one of {list(self.allowed)}")
        if self.role == "protected" and UNDISCLOSED in (self.allowed or ()):
            raise ValueError(f"the group {UNDISCLOSED!r}|it left out: it is the group of all missing values")
        if self.role in ("score", "feature") and self.type not in ("boolean", "integer", "number", "category"):
            raise ValueError(f"a {self.role} of type {self.type}|boolean, integer, number or category")
        if self.role == "score" and self.type == "category":
            raise ValueError("a score of type category|boolean, integer or number")

    def _range_is_in_order(self) -> bool:
        low, high = self.range or (None, None)
        ends = [end for end in (low, high) if end is not None]
        return ends == sorted(ends) and not any(map(math.isnan, ends))

    def _is_of_my_type(self, value: Scalar) -> bool:
        if self.type == "boolean":
            return isinstance(value, bool)
        if self.type in ("integer", "number"):
            return not isinstance(value, bool | str) and (self.type == "number" or isinstance(value, int))
        return isinstance(value, str)


class Family(Column):
    """Columns alike in everything but their name, described once. Matches any number of columns, none included."""

    role: Annotated[Literal["feature", "ignored"], BeforeValidator(_one_role)]
    pattern: str

    @model_validator(mode="after")
    def _is_in_the_file(self) -> Self:
        if self.sql is not None:
            raise ValueError("`sql` on a family|it on a single column")
        return self

    def member(self) -> Column:
        """The description of one member."""
        return Column(**self.model_dump(exclude={"pattern"}))


class Source(_Part):
    """Where the data comes from, under which licence, and how to cite it."""

    title: str
    licence: str
    citation: str
    notes: str = ""


class Contract(_Part):
    """What a dataset is. `columns` keeps the order of the file; derived columns have `sql`."""

    name: str
    row: str
    reviewed: str = ""
    source: Source
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
        return self.of_role("protected")

    @property
    def label(self) -> str:
        """The name of the label column."""
        return next(iter(self.of_role("label")))

    @property
    def score(self) -> str | None:
        """The name of the column that the rule decides by, if the dataset has one."""
        return next(iter(self.of_role("score")), None)

    def of_role(self, role: Role) -> dict[str, Column]:
        """The columns of one role."""
        return {name: column for name, column in self.columns.items() if column.role == role}

    def bound_to(self, names: Iterable[str], where: str) -> "Contract":
        """This contract with each family replaced by its members among `names`, the columns of the file `where`.

        Raises CreditError that lists every missing and every unknown column.
        """
        times = Counter(iter(names))  # of a dict, Counter would take the values for counts
        families: dict[str, list[str]] = {name: [] for name in times if name not in self.columns}
        for key, family in self.families.items():
            for name in filter(re.compile(family.pattern).fullmatch, families):
                families[name].append(key)
        members = {name: self.families[keys[0]].member() for name, keys in families.items() if keys}
        known = self.columns.keys() | members.keys()
        problems = [
            Problem(f"{where}: {name}", "no such column", f"one of type {self.raw[name].type}")
            for name in self.raw
            if name not in times
        ]
        problems += [
            Problem(f"{where}: {name}", "a column that the contract does not have", "only columns of the contract")
            for name in times
            if name not in known
        ]
        problems += [
            Problem(f"{where}: {name}", f"the column {count} times", "it once")
            for name, count in times.items()
            if count > 1
        ]
        problems += [
            Problem(f"{where}: {name}", f"a member of the families {keys}", "a member of one")
            for name, keys in families.items()
            if len(keys) > 1
        ]
        raise_if_any(problems)
        return self.model_copy(update={"columns": {**self.columns, **members}, "families": {}})


def load_contract(path: str | Path) -> Contract:
    """Read and check a contract file. Raises CreditError with every problem that it has."""
    file = str(path)
    content = read_yaml(Path(path))
    if not isinstance(content, dict):
        raise CreditError(Problem(file, "no keys", "a contract"))
    raise_if_any(
        [
            Problem(f"{file}: {key}", f"the unanswered mark {value!r}", "a person's answer")
            for key, value in _leaves(content)
            if isinstance(value, str) and value.startswith(_MARK) and not (value == _MARK and _in_list(key))
        ]
    )
    try:
        contract = Contract.model_validate(content)
    except ValidationError as error:
        raise CreditError(problems_of(error, file)) from None
    raise_if_any(_name_problems(contract, file))
    raise_if_any([*_role_problems(contract, file), *_leak_problems(contract, file)])
    return contract


def _leaves(node: Any, key: str = "") -> Iterable[tuple[str, Any]]:
    if isinstance(node, dict | list):
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for name, value in items:
            yield from _leaves(value, f"{key}.{name}" if key else str(name))
    else:
        yield key, node


def _in_list(key: str) -> bool:
    """Whether a key is that of a list's item: there a lone `?` is data, the way many files write a missing value."""
    return key.rpartition(".")[2].isdigit()


def _role_problems(contract: Contract, file: str) -> list[Problem]:
    problems = []
    for role, least, most in (("label", 1, 1), ("score", 0, 1), ("id", 0, 1), ("time", 0, 1)):
        names = list(contract.of_role(role))  # type: ignore[arg-type]
        if not least <= len(names) <= most:
            expected = "exactly one" if least else "at most one"
            problems.append(Problem(f"{file}: columns", f"{names or 'none'} of role {role}", expected))
    if not contract.features and not any(family.role == "feature" for family in contract.families.values()):
        problems.append(Problem(f"{file}: columns", "none of role feature", "at least one"))
    return problems


def _name_problems(contract: Contract, file: str) -> list[Problem]:
    """Names that SQL takes for the same, and patterns that are none."""
    problems = []
    first: dict[str, str] = {}
    for name in contract.columns:
        other = first.setdefault(name.casefold(), name)
        if other != name:
            problems.append(Problem(f"{file}: columns.{name}", f"the name {other} too", "names that differ in letters"))
    for name, family in contract.families.items():
        try:
            re.compile(family.pattern)
        except re.error as error:
            problems.append(Problem(f"{file}: families.{name}.pattern", str(error), "a regular expression"))
    return problems


def _leak_problems(contract: Contract, file: str) -> list[Problem]:
    """A feature computed from a protected or ignored column, or feeding a protected one, would let it in."""
    problems = []
    for name, column in contract.derived.items():
        for used, source in _used_by(column, contract):
            where = f"{file}: columns.{name}.sql"
            if column.role in ("feature", "score") and source.role in ("protected", "ignored", "label"):
                problems.append(Problem(where, f"the {source.role} column {used}", "a feature made of features only"))
            if column.role in ("protected", "label") and source.role in ("feature", "score"):
                mend = "a protected column is never a feature" if column.role == "protected" else "it tells the label"
                found = f"{source.role}, and the {column.role} {name} is made of it"
                problems.append(Problem(f"{file}: columns.{used}.role", found, "ignored", mend))
            if source.sql is not None:
                problems.append(Problem(where, f"the derived column {used}", "columns of the raw file"))
    return problems


def _used_by(column: Column, contract: Contract) -> list[tuple[str, Column]]:
    """The columns, and for a member of a family its family, that an SQL expression names."""
    names = _names_in(column.sql or "")
    known = {name.casefold(): (name, found) for name, found in contract.columns.items()}
    used = [known[name] for name in sorted(names & known.keys())]
    for name in sorted(names - known.keys()):
        members = (f for f in contract.families.values() if re.fullmatch(f.pattern, name, re.IGNORECASE))
        used += [(name, family) for family in members]
    return used


def _names_in(sql: str) -> set[str]:
    """The names in an SQL expression, in small letters: SQL does not tell capitals from them."""
    name_or_text = r"""'(?:[^']|'')*'|"((?:[^"]|"")*)"|([^\W\d]\w*)"""
    return {(quoted.replace('""', '"') or plain).casefold() for quoted, plain in re.findall(name_or_text, sql)} - {""}
