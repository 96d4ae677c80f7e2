"""Ages of accounts and the like: months from a date of the file to the day of the application."""

from collections.abc import Mapping, Sequence

from contract_draft.fields import DraftField, draft_words
from contract_draft.guesses import Guess, leave_out
from contract_draft.protected_groups import quote_sql_name
from contract_draft.values.column_profile import ColumnProfile
from contract_draft.values.text_table import TextTable

_MOST_LATER = 0.01  # of the rows; a date that comes after the application is known afterwards


def guess_sources(table: TextTable, looks: Sequence[ColumnProfile], guesses: Mapping[str, Guess]) -> dict[str, Guess]:
    """Guess which dates are sources: those that are left out for another one, and come before it."""
    moment = _find_moment(looks, guesses)
    if moment is None:
        return {}
    dates = [look for look in looks if look.type in ("date", "timestamp") and guesses[look.name] == leave_out("time")]
    why = f"a date before {moment.name}: only the column made of both is a feature"
    return {look.name: Guess("source", why, kind="source") for look in dates if _comes_before(table, look, moment)}


def _find_moment(looks: Sequence[ColumnProfile], guesses: Mapping[str, Guess]) -> ColumnProfile | None:
    """Find the column that says when an application was made."""
    dates = (look for look in looks if look.type in ("date", "timestamp"))
    return next((look for look in dates if guesses[look.name].role == "time"), None)


def draft_ages(
    looks: Sequence[ColumnProfile], guesses: Mapping[str, Guess], taken: set[str]
) -> dict[str, list[DraftField]]:
    """Draft the columns of the ages: name to fields."""
    moment = _find_moment(looks, guesses)
    if moment is None:
        return {}
    sources = [look for look in looks if guesses[look.name].role == "source" and look.type in ("date", "timestamp")]
    drafted: dict[str, list[DraftField]] = {}
    for look in sources:
        tries = [f"{look.name}_months", *(f"{look.name}_months_{n}" for n in range(2, len(taken) + 3))]
        free = next(one for one in tries if one.casefold() not in taken)
        taken.add(free.casefold())
        has_gaps = any(one.missing or one.codes for one in (look, moment))
        drafted[free] = [
            DraftField("type", "integer"),
            DraftField("role", "feature", f"goes with {look.name} as a source; take it out if that is another role"),
            DraftField("sql", f"date_diff('month', {quote_sql_name(look.name)}, {quote_sql_name(moment.name)})"),
            DraftField("missing", "allowed" if has_gaps else "refused"),
            DraftField("description", f"Months from {look.name} to {moment.name}"),
            *[field for field in draft_words(free, Guess("feature"), has_gaps) if field.key.startswith("reason")],
        ]
    return drafted


def _comes_before(table: TextTable, look: ColumnProfile, moment: ColumnProfile) -> bool:
    """Tell whether nearly no date of a column is later than the day of the application."""
    first, last = (f"try_cast(c{one.at} as timestamp)" for one in (look, moment))
    query = f"select count(*) filter ({first} > {last}), count(*) filter ({first} < {last}) from raw"
    later, before = table.connection.sql(query).fetchall()[0]
    return bool(before and later <= _MOST_LATER * (later + before))
