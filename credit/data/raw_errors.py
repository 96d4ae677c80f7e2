"""Faults of a raw file, in one line and without anybody's data."""

import re
from pathlib import Path

from credit.common.errors import Problem


def describe_encoding_error(file: Path) -> Problem:
    """Describe the problem of a file that is not encoded as UTF-8."""
    return Problem(
        str(file),
        "bytes that are not UTF-8",
        "UTF-8 text",
        "convert it: iconv -f cp1252 -t utf-8 FILE > NEW_FILE, for example",
    )


_CSV_ERRORS = {
    r"^Expected Number of Columns: (\d+) Found: (\d+)": "has {1} fields, the first line {0}",
    r"^Value with unterminated quote": "has a quote that is not closed",
    r"^Maximum line size of (\d+) bytes": "is longer than {0} bytes",
}
"""What DuckDB says of a line, and what is said of it here."""


def describe_duckdb_error(path: Path | str, error: Exception) -> Problem:
    """Describe DuckDB's error about a file, without advice about DuckDB and without the line of personal data."""
    text = str(error)
    where = (re.findall(r"^  file = (.+)$", text, re.MULTILINE) or [str(path)])[-1]
    if "not utf-8 encoded" in text or "Invalid unicode" in text:
        return describe_encoding_error(Path(where))
    if "state machine reached an invalid state" in text:
        fix = "tr -s '\\r' '\\n' < FILE > NEW_FILE, for example, and name the new one"
        return Problem(where, "lines that end in more than one way", "one line end, as \\n or \\r\\n", fix)
    if line := re.search(r"CSV Error on Line: (\d+)", text):
        known = ((re.search(pattern, text, re.MULTILINE), reason) for pattern, reason in _CSV_ERRORS.items())
        reason = next((reason.format(*match.groups()) for match, reason in known if match), "is not CSV")
        fix = "delete the line if it is a title or a footer; the data must be CSV in UTF-8, or Parquet"
        return Problem(where, f"line {line[1]} {reason}", fix=fix)
    if fault := re.search(r"^Traceback .*?^ *\w*Error: (.+?)$", text, re.MULTILINE | re.DOTALL):
        return Problem(where, fault[1])  # of the object store that the file is in
    return Problem(where, f"cannot be read: {text.splitlines()[0]}")
