"""Columns that leak the outcome: most of them are known only after the decision."""

from collections.abc import Sequence

from contract_draft.column_profile import ColumnProfile
from contract_draft.text_table import TextTable

_MAX_ERRORS_LEFT = 0.05  # of the errors that a guess without the column makes


def find_telling_columns(table: TextTable, looks: Sequence[ColumnProfile], label: ColumnProfile) -> dict[str, float]:
    """Find columns by which the label can be guessed nearly always, with the share of rows guessed right.

    The guess is the commonest label among rows that look alike in this one column: same value if it has few, else
    same sign, and missing or not. 1 is always right. It is reported when it leaves at most 5 % of the errors of
    guessing the commonest label for everybody.
    """
    counts = [count for _, count in label.values]
    base = max(counts, default=1) / max(sum(counts), 1)
    found = {}
    for look in looks:
        if look.name == label.name or look.constant or look.unique or not counts:
            continue
        share = _measure_accuracy(table, look, label)
        if 1 - share <= _MAX_ERRORS_LEFT * (1 - base) and base < 1:
            found[look.name] = share
    return found


def _measure_accuracy(table: TextTable, look: ColumnProfile, label: ColumnProfile) -> float:
    alike = (
        f"c{look.at}"
        if look.values
        else f"coalesce(sign(try_cast(c{look.at} as double)), 2 + (c{look.at} is null)::int)"
    )
    alike_and_label = f"select {alike} as alike, count(*) as k from raw where c{label.at} is not null"
    per_value = (
        f"select max(k) as most, sum(k) as n from ({alike_and_label} group by {alike}, c{label.at}) group by alike"
    )
    right, rows = table.connection.sql(f"select sum(most), sum(n) from ({per_value})").fetchall()[0]
    return float(right / rows)
