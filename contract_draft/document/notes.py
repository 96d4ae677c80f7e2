"""What a person should know before going through the columns of a draft, above `reviewed`."""

from collections.abc import Mapping, Sequence

from contract_draft.guesses import Guess
from contract_draft.values.column_profile import ColumnProfile


def write_notes(
    guesses: Mapping[str, Guess],
    telling: Mapping[str, Mapping[str, float]],
    label: ColumnProfile | None,
    has_rule: bool,
) -> list[str]:
    """Write down what a person should know before going through the columns."""
    plain = [column for column, guess in guesses.items() if guess.role == "feature"]
    notes = [f"Plain features ({len(plain):,}): {shorten_names(plain)}", *_note_leaks(telling, label)]
    if not has_rule:
        notes.append("No score and no number to decide by was found: add a block `rule`, or a column of role score.")
    if not any(guess.role == "protected" for guess in guesses.values()):
        notes.append("No column looks protected: add one of role protected, by which equal treatment is judged.")
    return notes


def _note_leaks(telling: Mapping[str, Mapping[str, float]], label: ColumnProfile | None) -> list[str]:
    """Note for every other column that may be chosen as the label which columns would give it away."""
    notes = [
        f"If {name} is the label: {', '.join(f'{told} (AUC {auc:.3f})' for told, auc in columns.items())}"
        for name, columns in telling.items()
        if columns and (label is None or name != label.name)
    ]
    if not notes:
        return []
    return ["Columns that guess another one nearly always leak it, should that one be chosen as the label:", *notes]


def shorten_names(names: Sequence[str]) -> str:
    """List names; of very many the first and the last."""
    return ", ".join(names) if len(names) <= 100 else f"{', '.join(names[:3])}, ..., {names[-1]} ({len(names):,})"
