"""A rule in the draft of a file without a credit score: the feature that tells the label best by itself."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract_draft.fields import DraftField, OpenQuestion, draft_words
from contract_draft.guesses import Guess
from contract_draft.label import guess_favourable, is_favourable_text
from contract_draft.protected_groups import quote_sql_name
from contract_draft.values.column_profile import ColumnProfile
from contract_draft.values.text_table import TextTable, read_columns
from credit.common.errors import CreditError, Problem
from credit.selection.binned_auc import compute_rank_auc

_MOST_REVERSED = 0.45  # the AUC of a score of which less is better; nearer to 0.5 it may be chance


def draft_rule(
    table: TextTable,
    features: Sequence[ColumnProfile],
    label: ColumnProfile | None,
    chosen: str | None = None,
    where: str = "rule",
    favourable: Any = None,
) -> list[DraftField]:
    """Draft a threshold on the number that orders the label best; empty without a label or such a number.

    The threshold lets as many people pass as have the favourable outcome. chosen: an answer, the name of a number or a
    whole rule such as `100 * debt / income at_most 36`; `where` it was found. `favourable`: the value that a person
    says is good; else it is guessed. Raises CreditError for any other rule.
    """
    if chosen is not None and (whole := re.fullmatch(r"(.+) (at_least|at_most) (\S+)", chosen.strip())):
        return _draft_whole_rule(whole[1], whole[2], whole[3], where)
    numbers = {look.name: f"try_cast(c{look.at} as double)" for look in features if look.low is not None}
    if label is None or not label.values or not numbers:
        return []
    if chosen is not None:
        name = next((name for name in numbers if chosen in (name, quote_sql_name(name))), None)
        if name is None:
            expected = f"one of {', '.join(numbers)}, or a rule such as `income at_least 50`"
            raise CreditError(Problem(where, repr(chosen), expected))
        numbers = {name: numbers[name]}
    value = guess_favourable(label)[0] if favourable is None else favourable
    known, good = _read_outcomes(table, label, value)
    aucs = {name: compute_rank_auc(values[known], good) for name, values in read_columns(table, numbers)}
    best = max(aucs, key=lambda name: abs(np.nan_to_num(aucs[name], nan=0.5) - 0.5))
    ((_, values),) = read_columns(table, {best: numbers[best]})
    approve = "at_most" if aucs[best] < 0.5 else "at_least"
    share = good.mean() if approve == "at_most" else 1 - good.mean()
    threshold = float(np.quantile(values[known & ~np.isnan(values)], share, method="higher"))
    auc = max(aucs[best], 1 - aucs[best])
    told = (
        f"tells {label.name} best by itself, AUC {auc:.2f}, where {value} is good; or an SQL expression over features"
    )
    sql = quote_sql_name(best)
    return [
        DraftField(
            "sql", sql if chosen else OpenQuestion(sql, "rule", answer=f"{sql} {approve} {threshold:.12g}"), told
        ),
        DraftField("threshold", threshold, "as many pass here as have the favourable outcome"),
        DraftField("approve", approve, "which side of the threshold passes: at_least or at_most"),
        *draft_rule_words(best),
    ]


def _read_outcomes(table: TextTable, label: ColumnProfile, value: Any) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Read which rows have an outcome, and of those which have the good one."""
    ((_, texts),) = read_columns(table, {label.name: f"c{label.at}"})
    known = np.isin(texts, [text for text, _ in label.values])
    return known, np.array([is_favourable_text(label, text, value) for text in texts[known]], dtype=bool)


def doubt_score(table: TextTable, look: ColumnProfile, label: ColumnProfile | None, favourable: Any) -> Guess | None:
    """Doubt a score of which less is better, as of a risk: from a threshold of it on nobody should pass.

    `favourable`: the value that a person says is good; else it is guessed.
    """
    if label is None or not label.values or look.low is None:
        return None
    value = guess_favourable(label)[0] if favourable is None else favourable
    known, good = _read_outcomes(table, label, value)
    ((_, numbers),) = read_columns(table, {look.name: f"try_cast(c{look.at} as double)"})
    auc = compute_rank_auc(numbers[known], good)
    if not auc < _MOST_REVERSED:
        return None
    why = f"named like a credit score, but less of it goes with {label.name} {value}: as a feature a rule may have it"
    return Guess("feature", f"{why}, `at_most`", kind="score", measured=f"AUC {auc:.2f}")


def draft_rule_words(name: str) -> list[DraftField]:
    """Propose the words for an applicant who does not pass a rule."""
    return [field for field in draft_words(name, Guess("feature"), has_gaps=False) if field.key == "reason"]


def _draft_whole_rule(sql: str, approve: str, threshold: str, where: str) -> list[DraftField]:
    try:
        number = float(threshold)
    except ValueError:
        raise CreditError(Problem(where, f"the threshold {threshold!r}", "a number")) from None
    return [
        DraftField("sql", sql),
        DraftField("threshold", number),
        DraftField("approve", approve),
        *draft_rule_words(sql if re.fullmatch(r"\w+", sql) else "result"),
    ]
