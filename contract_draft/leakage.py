"""Columns that guess the label nearly always, whichever label is chosen: most are known only after the decision."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract_draft.names.outcomes import rank_outcome
from contract_draft.names.protected import AGE_CUTS, suggest_attribute
from contract_draft.values.column_profile import ColumnProfile
from contract_draft.values.text_table import TextTable, read_columns
from credit.contract.columns import Column
from credit.selection.binned_auc import assign_bins, measure_guess

MAX_AUC = 0.95
"""As `select_features.max_auc` of params.yaml, at which the pipeline stops."""

MAX_PROXY_AUC = 0.8
"""Above it a column gives a protected attribute away: of two people it tells the group in four cases of five."""

_MIN_CLASS_ROWS = 5  # of fewer rows of a value, any column may guess it by chance
_MIN_GROUP_ROWS = 30  # and to so much less than certainty too
_MAX_LABELS = 30
_MAX_LABEL_VALUES = 10
_FEATURE_TYPES = ("boolean", "integer", "number", "category")
_PRESENCE_TYPES = ("text", "date", "timestamp")  # of which may tell whether there is a value
_NUMBER = Column(type="number", role="feature", missing="allowed", description="")


class CodedColumn(NamedTuple):
    """A column's bins, and its numbers where its values have an order; shape (rows,) each."""

    codes: NDArray[np.int64]
    numbers: NDArray[np.float64] | None


def list_possible_labels(looks: Sequence[ColumnProfile], likely: ColumnProfile | None) -> list[ColumnProfile]:
    """List the columns that may be chosen as the label, at most _MAX_LABELS.

    First the likely one, then those named like an outcome, then those of two values.
    """
    few = [look for look in looks if 2 <= len(look.values) <= _MAX_LABEL_VALUES and look.type in _FEATURE_TYPES]
    chosen = [look for look in few if likely is not None and look.name == likely.name]
    chosen += [look for look in few if rank_outcome(look.name) is not None]
    chosen += [look for look in few if len(look.values) == 2 and not suggest_attribute(look)]
    return list({look.name: look for look in chosen}.values())[:_MAX_LABELS]


def list_protected(looks: Sequence[ColumnProfile], names: Collection[str]) -> list[ColumnProfile]:
    """List the columns that are protected, by name or because a person said so: levels, and numbers such as an age."""
    few = [
        look
        for look in looks
        if (2 <= len(look.values) <= _MAX_LABEL_VALUES and look.type in _FEATURE_TYPES) or _is_cut(look)
    ]
    return [look for look in few if look.name in names or suggest_attribute(look)]


def _is_cut(look: ColumnProfile) -> bool:
    """Tell whether a column is a number of which groups are made by cutting it."""
    has_few = 0 < len(look.values) <= _MAX_LABEL_VALUES
    return look.type in ("integer", "number") and not (has_few or look.constant)


def find_telling_columns(
    table: TextTable, looks: Sequence[ColumnProfile], labels: Sequence[ColumnProfile], above: float = MAX_AUC
) -> dict[str, dict[str, float]]:
    """Find, by possible label, the columns that alone guess one of its values with an AUC above a limit.

    Of texts and dates it counts whether there is one: a day of arrest only those have who were arrested again.
    The measure is that of the pipeline's stage select_features.
    """
    least = _MIN_CLASS_ROWS if above >= MAX_AUC else _MIN_GROUP_ROWS
    found: dict[str, dict[str, float]] = {label.name: {} for label in labels}
    values = dict(read_columns(table, {look.name: f"c{look.at}" for look in labels}))
    usable = {look.name: look for look in looks if look.type in _FEATURE_TYPES and not look.constant}
    selected = {n: f"c{one.at}" if one.values else f"try_cast(c{one.at} as double)" for n, one in usable.items()}
    for look in looks:
        if look.type in _PRESENCE_TYPES and 0 < look.missing < look.rows:
            usable[look.name], selected[look.name] = look, f"c{look.at} is not null"
    for name, content in read_columns(table, selected):
        column = _code_column(usable[name], content)
        for label in labels:
            auc = _measure_label(column, values[label.name], label, least) if name != label.name else 0.0
            if auc > above:
                found[label.name][name] = auc
    return found


def _measure_label(column: CodedColumn, texts: NDArray[Any], label: ColumnProfile, least: int) -> float:
    """Measure how well a column guesses the value of a label that it guesses best; 0 where all are too rare."""
    known, members = _cut_number(texts, label) if _is_cut(label) else _divide_by_level(texts, label)
    codes = column.codes[known]
    numbers = None if column.numbers is None else column.numbers[known]
    enough = [one[known] for one in members if min(one[known].sum(), (~one[known]).sum()) >= least]
    return max((measure_guess(codes, numbers, one, 0) for one in enough), default=0.0)


def _divide_by_level(texts: NDArray[Any], label: ColumnProfile) -> tuple[NDArray[np.bool_], list[NDArray[np.bool_]]]:
    """Divide rows by level, each against all others: the rows that have one, and those of each."""
    values = label.values[:1] if len(label.values) == 2 else label.values
    return np.isin(texts, [text for text, _ in label.values]), [texts == text for text, _ in values]


def _cut_number(texts: NDArray[Any], label: ColumnProfile) -> tuple[NDArray[np.bool_], list[NDArray[np.bool_]]]:
    """Divide rows in the middle of a number, and an age where it is cut: those with a number, and those above each."""
    import pandas as pd

    numbers = pd.to_numeric(pd.Series(texts), errors="coerce").to_numpy(np.float64)
    known = np.isfinite(numbers) & ~np.isin(numbers, [code for code in label.codes if not isinstance(code, str)])
    if not known.any():
        return known, []
    cuts = {float(np.median(numbers[known])), *(AGE_CUTS if suggest_attribute(label) == "age" else ())}
    return known, [numbers >= cut for cut in sorted(cuts)]


def _code_column(look: ColumnProfile, content: NDArray[Any]) -> CodedColumn:
    import pandas as pd

    if look.type in _PRESENCE_TYPES:
        return CodedColumn(content.astype(np.int64) + 1, None)
    if look.values:
        numbers = pd.to_numeric(pd.Series(content), errors="coerce").to_numpy(np.float64)
        is_ordered = look.type in ("integer", "number", "boolean") and not np.isnan(numbers).all()
        return CodedColumn(pd.factorize(content, sort=True)[0] + 1, numbers if is_ordered else None)
    numbers = content.astype(np.float64)
    return CodedColumn(assign_bins(pd.Series(numbers), _NUMBER), numbers)
