"""A rule in the draft of a file without a credit score: the feature that tells the label best by itself."""

from collections.abc import Sequence

import numpy as np

from contract_draft.fields import DraftField, OpenQuestion
from contract_draft.guesses import is_favourable_text
from contract_draft.protected_groups import quote_sql_name
from contract_draft.values.column_profile import ColumnProfile
from contract_draft.values.text_table import TextTable, read_columns
from credit.selection.binned_auc import compute_rank_auc


def draft_rule(table: TextTable, features: Sequence[ColumnProfile], label: ColumnProfile | None) -> list[DraftField]:
    """Draft a threshold on the number that orders the label best; empty without a label or such a number.

    The threshold lets as many people pass as have the favourable outcome.
    """
    numbers = {look.name: f"try_cast(c{look.at} as double)" for look in features if look.low is not None}
    if label is None or not label.values or not numbers:
        return []
    ((_, texts),) = read_columns(table, {label.name: f"c{label.at}"})
    known = np.isin(texts, [text for text, _ in label.values])
    good = np.array([is_favourable_text(label, text) for text in texts[known]])
    aucs = {name: compute_rank_auc(values[known], good) for name, values in read_columns(table, numbers)}
    best = max(aucs, key=lambda name: abs(np.nan_to_num(aucs[name], nan=0.5) - 0.5))
    ((_, values),) = read_columns(table, {best: numbers[best]})
    approve = "at_most" if aucs[best] < 0.5 else "at_least"
    share = good.mean() if approve == "at_most" else 1 - good.mean()
    threshold = float(np.quantile(values[known & ~np.isnan(values)], share, method="higher"))
    auc = max(aucs[best], 1 - aucs[best])
    told = f"tells {label.name} best by itself, AUC {auc:.2f}; or an SQL expression over features"
    return [
        DraftField("sql", OpenQuestion(quote_sql_name(best)), told),
        DraftField("threshold", OpenQuestion(threshold), "as many pass here as have the favourable outcome"),
        DraftField("approve", OpenQuestion(approve), "which side of the threshold passes: at_least or at_most"),
        DraftField("reason", OpenQuestion("What an applicant is told who does not pass")),
    ]
