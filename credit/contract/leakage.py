"""Leaks: derived columns by which a model would see a protected column after all."""

import re
from collections.abc import Mapping

from credit.common.errors import Problem
from credit.contract.columns import Column, Family


def find_leaks(columns: Mapping[str, Column], families: Mapping[str, Family], file: str) -> list[Problem]:
    """Find each feature computed from a protected or ignored column, or feeding a protected one."""
    problems = []
    for name, column in columns.items():
        for used, source in _find_used_columns(column, columns, families):
            where = f"{file}: columns.{name}.sql"
            if column.role in ("feature", "score") and source.role in ("protected", "ignored", "label"):
                problems.append(Problem(where, f"the {source.role} column {used}", "a feature made of features only"))
            if column.role in ("protected", "label") and source.role in ("feature", "score"):
                fix = "a protected column is never a feature" if column.role == "protected" else "it tells the label"
                found = f"{source.role}, and the {column.role} {name} is made of it"
                problems.append(Problem(f"{file}: columns.{used}.role", found, "ignored", fix))
            if source.sql is not None:
                problems.append(Problem(where, f"the derived column {used}", "columns of the raw file"))
    return problems


def _find_used_columns(
    column: Column, columns: Mapping[str, Column], families: Mapping[str, Family]
) -> list[tuple[str, Column]]:
    """Find the columns, and for a member of a family its family, that an SQL expression names."""
    names = extract_sql_names(column.sql or "")
    known = {name.casefold(): (name, found) for name, found in columns.items()}
    used = [known[name] for name in sorted(names & known.keys())]
    for name in sorted(names - known.keys()):
        members = (f for f in families.values() if re.fullmatch(f.pattern, name, re.IGNORECASE))
        used += [(name, family) for family in members]
    return used


def extract_sql_names(sql: str) -> set[str]:
    """Extract the names in an SQL expression, in lower case: SQL names are case-insensitive."""
    name_or_text = r"""'(?:[^']|'')*'|"((?:[^"]|"")*)"|([^\W\d]\w*)"""
    return {(quoted.replace('""', '"') or plain).casefold() for quoted, plain in re.findall(name_or_text, sql)} - {""}
