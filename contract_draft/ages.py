"""Ages of accounts and the like: months from a date of the file to the day of the application."""

from collections.abc import Mapping, Sequence

from contract_draft.fields import DraftField, OpenQuestion
from contract_draft.guesses import Guess
from contract_draft.protected_groups import quote_sql_name
from contract_draft.values.column_profile import ColumnProfile
from contract_draft.values.text_table import TextTable

_MOST_LATER = 0.01  # of the rows; a date that comes after the application is known afterwards


def guess_sources(table: TextTable, looks: Sequence[ColumnProfile], guesses: Mapping[str, Guess]) -> dict[str, Guess]:
    """Guess which dates are sources: those that are left out for another one, and come before it."""
    moment = next((look for look in looks if guesses[look.name].role == "time"), None)
    if moment is None or moment.type not in ("date", "timestamp"):
        return {}
    second = Guess("ignored", "there is a column of role time before it")
    dates = [look for look in looks if look.type in ("date", "timestamp") and guesses[look.name] == second]
    why = f"a date before {moment.name}: only the column made of both is a feature"
    return {look.name: Guess("source", why) for look in dates if _comes_before(table, look, moment)}


def draft_ages(
    looks: Sequence[ColumnProfile], guesses: Mapping[str, Guess], taken: set[str]
) -> dict[str, list[DraftField]]:
    """Draft the columns of the ages: name to fields."""
    by_name = {look.name: look for look in looks}
    moment = next((name for name, guess in guesses.items() if guess.role == "time"), "")
    drafted: dict[str, list[DraftField]] = {}
    for name in [name for name, guess in guesses.items() if guess.role == "source"]:
        tries = [f"{name}_months", *(f"{name}_months_{n}" for n in range(2, len(taken) + 3))]
        free = next(one for one in tries if one.casefold() not in taken)
        taken.add(free.casefold())
        sides = (by_name[name], by_name[moment])
        drafted[free] = [
            DraftField("type", "integer"),
            DraftField("role", OpenQuestion("feature"), f"a feature; or take this column out, and make {name} ignored"),
            DraftField("sql", OpenQuestion(f"date_diff('month', {quote_sql_name(name)}, {quote_sql_name(moment)})")),
            DraftField("missing", "allowed" if any(look.missing or look.codes for look in sides) else "refused"),
            DraftField("description", f"Months from {name} to {moment}"),
        ]
    return drafted


def _comes_before(table: TextTable, look: ColumnProfile, moment: ColumnProfile) -> bool:
    """Tell whether nearly no date of a column is later than the day of the application."""
    first, last = (f"try_cast(c{one.at} as timestamp)" for one in (look, moment))
    query = f"select count(*) filter ({first} > {last}), count(*) filter ({first} < {last}) from raw"
    later, before = table.connection.sql(query).fetchall()[0]
    return bool(before and later <= _MOST_LATER * (later + before))
