"""Leaks: derived columns by which a model, or the rule, would see a protected column after all."""

import re

from credit.common.errors import Problem
from credit.contract.columns import Column
from credit.contract.contract import Contract
from credit.contract.sql_names import extract_sql_names


def find_leaks(contract: Contract, file: str) -> list[Problem]:
    """Find each feature, and rule, computed from a protected or ignored column, or feeding a protected one."""
    problems = []
    for name, column in contract.derived.items():
        is_rule = contract.is_rule_expression(name)
        where = f"{file}: rule.sql" if is_rule else f"{file}: columns.{name}.sql"
        for used, source in find_used_columns(contract, column.sql or ""):
            if (is_rule or column.role in ("feature", "score")) and source.role in ("protected", "ignored", "label"):
                expected = f"a {'rule' if is_rule else 'feature'} made of features only"
                problems.append(Problem(where, f"the {source.role} column {used}", expected))
            if column.role in ("protected", "label") and source.role in ("feature", "score"):
                fix = "a protected column is never a feature" if column.role == "protected" else "it tells the label"
                found = f"{source.role}, and the {column.role} {name} is made of it"
                problems.append(Problem(f"{file}: columns.{used}.role", found, "ignored", fix))
            if source.sql is not None:
                problems.append(Problem(where, f"the derived column {used}", "columns of the raw file"))
    return problems + _find_shared_sources(contract, file)


def _find_shared_sources(contract: Contract, file: str) -> list[Problem]:
    """Find columns no model may see of which both are made, what it sees and what it must not.

    The day of the application may be shared where the protected column is made of another one too, as of birth: what
    it has in common with a feature then tells nothing about the person.
    """
    makes: dict[str, dict[bool, str]] = {}
    for name, column in contract.derived.items():
        is_seen = column.role in ("feature", "score") or contract.is_rule_expression(name)
        if is_seen or column.role in ("protected", "label"):
            found = find_used_columns(contract, column.sql or "")
            shared = ["source", "id", "group"]
            if is_seen or all(source.role == "time" for _, source in found):
                shared.append("time")
            for used, source in found:
                if source.role in shared:
                    makes.setdefault(used, {}).setdefault(is_seen, name)
    return [
        Problem(
            f"{file}: columns.{used}",
            f"{of[True]} and {of[False]} made of it",
            "one of them",
            f"{of[False]} is of role {contract.columns[of[False]].role}: nothing that a model sees may tell it",
        )
        for used, of in makes.items()
        if len(of) > 1
    ]


def find_used_columns(contract: Contract, sql: str) -> list[tuple[str, Column]]:
    """Find the columns, and for a member of a family its family, that an SQL expression names."""
    names = extract_sql_names(sql)
    known = {name.casefold(): (name, found) for name, found in contract.columns.items()}
    used = [known[name] for name in sorted(names & known.keys())]
    for name in sorted(names - known.keys()):
        members = (f for f in contract.families.values() if re.fullmatch(f.pattern, name, re.IGNORECASE))
        used += [(name, family) for family in members]
    return used
