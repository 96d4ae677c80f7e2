"""Leaks: derived columns by which a model, or the rule, would see a protected column after all."""

import re

from credit.common.errors import Problem
from credit.contract.columns import Column
from credit.contract.contract import Contract

_RESERVED = (
    "all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create "
    "default deferrable desc describe distinct do else end except false fetch for foreign from group having in "
    "initially intersect into lambda lateral leading limit not null offset on only or order pivot pivot_longer "
    "pivot_wider placing primary qualify references returning select show some summarize symmetric table then to "
    "trailing true union unique unpivot using variadic when where window with "
)
RESERVED_WORDS = frozenset(_RESERVED.split())
"""Those of DuckDB."""


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
    return problems


def find_used_columns(contract: Contract, sql: str) -> list[tuple[str, Column]]:
    """Find the columns, and for a member of a family its family, that an SQL expression names."""
    names = extract_sql_names(sql)
    known = {name.casefold(): (name, found) for name, found in contract.columns.items()}
    used = [known[name] for name in sorted(names & known.keys())]
    for name in sorted(names - known.keys()):
        members = (f for f in contract.families.values() if re.fullmatch(f.pattern, name, re.IGNORECASE))
        used += [(name, family) for family in members]
    return used


def extract_sql_names(sql: str) -> set[str]:
    """Extract the names in an SQL expression, in lower case: SQL names are case-insensitive.

    A reserved word is the name of a column only in quotes: the `end` of a `case` reads no column.
    """
    name_or_text = r"""'(?:[^']|'')*'|"((?:[^"]|"")*)"|([^\W\d]\w*)"""
    found = re.findall(name_or_text, sql)
    quoted = {name.replace('""', '"').casefold() for name, _ in found}
    return (quoted | ({plain.casefold() for _, plain in found} - RESERVED_WORDS)) - {""}
