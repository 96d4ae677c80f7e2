"""The names in an SQL expression."""

import re


def extract_sql_names(sql: str) -> set[str]:
    """Extract the names in an SQL expression, in lower case: SQL names are case-insensitive."""
    name_or_text = r"""'(?:[^']|'')*'|"((?:[^"]|"")*)"|([^\W\d]\w*)"""
    return {(quoted.replace('""', '"') or plain).casefold() for quoted, plain in re.findall(name_or_text, sql)} - {""}
