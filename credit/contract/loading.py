"""Load a contract file: structure, open questions, roles, names and leaks, all findings at once."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import ValidationError

from credit.common.errors import CreditError, Problem, list_problems, raise_if_any
from credit.common.files import read_yaml
from credit.contract.columns import Column, ColumnRole, Family
from credit.contract.contract import Contract
from credit.contract.frozen_model import FrozenModel
from credit.contract.leakage import find_leaks
from credit.contract.rule import RULE_COLUMN, Rule, find_named_column
from credit.contract.sql_names import extract_sql_names

_QUESTION_MARK = "?"  # a value that starts with this is a question which a person has not answered yet
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


def load_contract(path: str | Path) -> Contract:
    """Load a contract file. Raises CreditError with every fault of its structure, its roles and its names."""
    outline = outline_contract(path)
    raise_if_any(outline.problems)
    return outline.contract


def outline_contract(path: str | Path) -> ContractOutline:
    """Read a contract file as far as it can be read, with all its faults. Raises CreditError when it is not YAML."""
    file = str(path)
    content = read_yaml(Path(path))
    if not isinstance(content, dict):
        raise CreditError(Problem(file, "no keys", "a contract"))
    questions = dict(_find_open_questions(content))
    problems = [
        Problem(f"{file}: {key}", f"the open question {value!r}", "a person's answer")
        for key, value in questions.items()
    ]
    texts = {name: of for block in ("columns", "families") for name, of in _list_parts(content, block)}
    contract = _read_valid_parts(content, questions)
    bad_patterns = _find_bad_patterns(contract, file)
    outline = ContractOutline(
        file=file,
        contract=contract.model_copy(
            update={"families": {name: of for name, of in contract.families.items() if name not in bad_patterns}}
        ),
        roles={name: _read_roles(of) for name, of in texts.items()},
        texts=texts,
        has_rule=content.get("rule") is not None,
        problems=(),
    )
    problems += [p for p in _find_structure_problems(content, file) if not _is_asked(p, questions, file)]
    problems += [
        *_find_name_problems(contract, file),
        *bad_patterns.values(),
        *_find_role_problems(outline),
        *_find_unused_sources(outline),
        *_find_rule_problems(outline),
        *find_leaks(outline.contract, file),
    ]
    return outline._replace(problems=tuple(problems))


def _find_open_questions(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in _walk_leaves(content):
        is_data = value == _QUESTION_MARK and _is_list_item(key)
        if isinstance(value, str) and value.startswith(_QUESTION_MARK) and not is_data:
            yield key, value


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


def _list_parts(content: Mapping[str, Any], block: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the columns, or families, that are mappings."""
    parts = content.get(block)
    prefix = "" if block == "columns" else f"{block}."
    for name, of in parts.items() if isinstance(parts, dict) else ():
        if isinstance(of, dict):
            yield f"{prefix}{name}", of


def _read_roles(of: Mapping[str, Any]) -> tuple[str, ...]:
    given = of.get("role", [])
    listed = given if isinstance(given, list) else [given]
    return tuple(str(role).removeprefix(_QUESTION_MARK).strip() for role in listed)


def _read_valid_parts(content: Mapping[str, Any], questions: Mapping[str, str]) -> Contract:
    """Read the whole contract where it is valid, else its valid parts."""
    try:
        if not questions:
            return Contract.model_validate(content).complete_rule().complete_formats()
    except ValidationError:
        pass
    rules = {"rule": content["rule"]} if isinstance(content.get("rule"), dict) else {}
    partial: Contract = Contract.model_construct(  # type: ignore[call-arg]  # those of its parts that are sound
        columns=_validate_each(Column, dict(_list_parts(content, "columns")), "columns", questions),
        families=_validate_each(Family, _list_named(content, "families"), "families", questions),
        rule=_validate_each(Rule, rules, "", questions).get("rule"),
    )
    return partial.complete_rule()


def _list_named(content: Mapping[str, Any], block: str) -> dict[str, dict[str, Any]]:
    return {name.removeprefix(f"{block}."): of for name, of in _list_parts(content, block)}


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


def _find_structure_problems(content: Mapping[str, Any], file: str) -> list[Problem]:
    try:
        Contract.model_validate(content)
    except ValidationError as error:
        return list_problems(error, file)
    return []


def _is_asked(problem: Problem, questions: Mapping[str, str], file: str) -> bool:
    """Tell whether a problem is about a part that has open questions: their answers may fix it."""
    where = problem.where.removeprefix(f"{file}: ").split(".")
    part = ".".join(where[:2] if where[0] in ("columns", "families") else where[:1])
    return any(key == part or key.startswith(f"{part}.") for key in questions)


def _find_role_problems(outline: ContractOutline) -> list[Problem]:
    problems = []
    for role, least, most in (("label", 1, 1), ("score", 0, 1), ("id", 0, 1), ("group", 0, 1), ("time", 0, 1)):
        names = outline.select_roles(role)
        if len(names) > most or (least and outline.lacks_role(role)):
            expected = "exactly one" if least else "at most one"
            problems.append(Problem(f"{outline.file}: columns", f"{names or 'no column'} of role {role}", expected))
    if outline.lacks_role("feature", "score"):
        problems.append(Problem(f"{outline.file}: columns", "no column of role feature", "at least one"))
    return problems


def _find_unused_sources(outline: ContractOutline) -> list[Problem]:
    """Find columns of role source that no expression names, those of columns with faults included."""
    if outline.has_rule and outline.contract.rule is None:
        return []  # a faulty rule may be what names them
    written = [str(of.get("sql", "")).removeprefix(_QUESTION_MARK) for of in outline.texts.values()]
    rules = [] if outline.contract.rule is None else [outline.contract.rule.sql]
    used = {name for sql in [*written, *rules] for name in extract_sql_names(sql)}
    fix = "compute a column of it, or make it ignored"
    return [
        Problem(f"{outline.file}: columns.{name}", "role source, and no `sql` names it", "one that does", fix)
        for name in outline.select_roles("source")
        if name.casefold() not in used and len(outline.roles[name]) == 1
    ]


def _find_rule_problems(outline: ContractOutline) -> list[Problem]:
    """Find a second rule, one against a direction or by a category, and a name that its value cannot have."""
    file, scores, rule = outline.file, outline.select_roles("score"), outline.contract.rule
    if not outline.has_rule:
        found, fix = "`more_is: worse` on the score", "a `rule` can say `approve: at_most`, with the score a feature"
        columns = outline.contract.columns
        reversed_scores = [name for name in scores if name in columns and columns[name].more_is == "worse"]
        expected = "better: the rule approves from the threshold on"
        return [Problem(f"{file}: columns.{name}.more_is", found, expected, fix) for name in reversed_scores]
    if scores:
        found, fix = f"a rule, and {scores[0]} of role score", "give that column the role feature"
        return [Problem(f"{file}: rule", found, "one of them", fix)]
    if rule is None:
        return []
    named = find_named_column(rule.sql, outline.contract.columns)
    if named is not None and outline.contract.columns[named].direction * rule.direction < 0:
        found = f"approve {rule.approve}, and `more_is: {outline.contract.columns[named].more_is}` on {named}"
        return [Problem(f"{file}: rule.approve", found, "the rule and the column to agree")]
    if named is not None and outline.contract.columns[named].type == "category":
        found, fix = f"{named}, a category", "say with `case when` what each value counts"
        return [Problem(f"{file}: rule.sql", found, "a boolean or a number", fix)]
    taken = [name for name in outline.roles if name.casefold() == RULE_COLUMN]
    if named is None and taken:
        fix = "make the expression a feature with `sql`, and name that in rule.sql"
        return [Problem(f"{file}: columns.{taken[0]}", "the name of the rule's value", "another name", fix)]
    return []


def _find_name_problems(contract: Contract, file: str) -> list[Problem]:
    """Find names that SQL takes for the same."""
    problems = []
    first: dict[str, str] = {}
    for name in contract.columns:
        other = first.setdefault(name.casefold(), name)
        if other != name:
            found = f"the same name as {other} to SQL, which ignores case"
            problems.append(Problem(f"{file}: columns.{name}", found, "another name"))
    return problems


def _find_bad_patterns(contract: Contract, file: str) -> dict[str, Problem]:
    """Find, by name, each family whose pattern is no regular expression."""
    problems = {}
    for name, family in contract.families.items():
        try:
            re.compile(family.pattern)
        except re.error as error:
            problems[name] = Problem(f"{file}: families.{name}.pattern", f"not a regular expression: {error}")
    return problems
