"""Numbers and dates that may stand for "not known": at round codes, far outside the others or commoner than those."""

from typing import NamedTuple

from contract_draft.values.text_table import TextTable

_LARGEST = 10  # digits of a code
_WHOLE = {666, 1111, -1, -7, -8, -9, 365243}  # 1111 of banks that need not say; the last is a thousand years of days
_WHOLE |= {int(digit * length) for digit in "789" for length in range(2, _LARGEST + 1)}
_WHOLE |= {int("9" * length + last) for last in "678" for length in range(1, 6)}
_WHOLE |= {-int(digit * length) for digit in "789" for length in range(2, 6)}
LIKELY_CODES = tuple(sorted(_WHOLE))
"""Codes that are in use, before the point: 999999.375 is one too."""

_DATES = (  # the first or the last day of a program, or of a database
    "1000-01-01 1111-11-11 1753-01-01 1800-01-01 1899-12-30 1899-12-31 1900-01-01 1900-01-02 1900-12-31 1901-01-01 "
    "1970-01-01 2049-12-31 2050-12-31 2099-12-31 2199-12-31 2222-02-22 2999-12-31 3000-01-01 3000-12-31 7777-07-07 "
    "8888-08-08 9999-01-01 9999-09-09 9999-12-31"
)

_MIN_SPIKE = 5  # rows
_MIN_TIMES = 4  # as common as the values near it are
_MIN_NEAR = 5  # of which there are so many


class CodedNumbers(NamedTuple):
    """The likely codes among the numbers of a column, and the range of the others."""

    codes: tuple[float, ...]
    low: float
    high: float


def find_likely_codes(table: TextTable) -> CodedNumbers:
    """Find the likely codes among the numbers of the table `seen`, of which there is at least one."""
    odd = f"trunc(number) in {LIKELY_CODES}"
    ((low, high),) = table.connection.execute(f"select min(number), max(number) from seen where not ({odd})").fetchall()
    counts = table.connection.execute(f"select number, sum(n) from seen where {odd} group by 1 order by 1").fetchall()
    ((different,),) = table.connection.execute("select count(distinct number) from seen").fetchall()
    # of two values both are data, -1 and 1 or the 0 and -1 of Access: a column of one value would say nothing
    codes = [code for code, n in counts if different > 2 and _is_likely_code(table, code, n, low, high)]
    kept = [number for number in (low, high, *(code for code, _ in counts)) if number not in (*codes, None)]
    return CodedNumbers(tuple(codes), min(kept), max(kept))


def _is_likely_code(table: TextTable, code: float, count: int, low: float | None, high: float | None) -> bool:
    """Tell whether an odd number looks like a code: far outside the others, or commoner than all near it."""
    if low is None or high is None:
        return False
    if code < 0:
        return low >= 0 or code < 3 * low
    if code - high > high - low and code > 1:
        return True
    near = f"from seen where number between {code / 2} and {code * 2} and number <> {code}"
    ((together, each, different),) = table.connection.execute(f"select sum(n), avg(n), count(*) {near}").fetchall()
    is_spike = different >= _MIN_NEAR and count >= _MIN_TIMES * each
    return count >= _MIN_SPIKE and (is_spike or count >= (together or 0))


def find_likely_dates(table: TextTable, test: str) -> tuple[str, ...]:
    """Find the likely codes among the dates of the table `seen`, which pass a test; in the file's own notation."""
    listed = ", ".join(f"'{date}'" for date in _DATES.split())
    day = "try_cast(text as timestamp)"
    dates = f"(select text, n, {day} as day, left(text, 10) in ({listed}) as odd from seen where known and {test})"
    low, high, each = table.connection.execute(
        f"select min(epoch(day)), max(epoch(day)), avg(n) from {dates} where not odd"
    ).fetchall()[0]
    if low is None:
        return ()
    odd = table.connection.execute(f"select text, n, epoch(day) from {dates} where odd order by text").fetchall()
    return tuple(
        text
        for text, n, at in odd
        if at - high > high - low or low - at > high - low or (n >= _MIN_SPIKE and n >= _MIN_TIMES * each)
    )
