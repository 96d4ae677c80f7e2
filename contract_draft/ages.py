"""Ages of accounts and the like: months to the day of the application from a date, or as `3 yrs 1 mon` says them."""

from collections.abc import Mapping, Sequence

from contract_draft.fields import DraftField, draft_words
from contract_draft.guesses import Guess, leave_out
from contract_draft.protected_groups import MOMENTS, quote_sql_name
from contract_draft.values.column_profile import ColumnProfile
from contract_draft.values.text_table import TextTable
from contract_draft.values.unread import DURATION, is_duration

_LEAST_AGE = 18  # years, of half the people: few accounts are as old
_MOST_LATER = 0.01  # of the rows; a date that comes after the application is known afterwards


def guess_sources(table: TextTable, looks: Sequence[ColumnProfile], guesses: Mapping[str, Guess]) -> dict[str, Guess]:
    """Guess which dates are sources: those that are left out for another one, and come before it, but for a birth."""
    plain = [Guess("feature"), Guess("ignored", "free text, or a category of many values")]
    texts = [look for look in looks if look.type in ("text", "category") and guesses[look.name] in plain]
    why = "years and months: only the number made of it is a feature"
    found = {look.name: Guess("source", why, kind="source") for look in texts if is_duration(table, look.at)}
    said = [look.name for look in looks if look.type in MOMENTS and guesses[look.name].role == "protected"]
    found |= {name: guesses[name]._replace(attribute="age") for name in said}  # nothing else of a date is protected
    moment = find_moment(looks, guesses)
    if moment is None:
        return found
    dates = [look for look in looks if look.type in MOMENTS and guesses[look.name] == leave_out("time")]
    why = f"a date before {moment.name}: only the column made of both is a feature"
    earlier = [look for look in dates if _comes_before(table, look, moment)]
    before = {look.name: Guess("source", why, kind="source") for look in earlier}
    born = f"a date {_LEAST_AGE} years and more before {moment.name}, as of birth"
    people = [look for look in earlier if _measure_years(table, look, moment) >= _LEAST_AGE]
    return found | before | {look.name: Guess("protected", born, "age", "protected") for look in people}


def find_moment(looks: Sequence[ColumnProfile], guesses: Mapping[str, Guess]) -> ColumnProfile | None:
    """Find the column that says when an application was made."""
    dates = (look for look in looks if look.type in MOMENTS)
    return next((look for look in dates if guesses[look.name].role == "time"), None)


def draft_ages(
    looks: Sequence[ColumnProfile], guesses: Mapping[str, Guess], taken: set[str]
) -> dict[str, list[DraftField]]:
    """Draft the columns of the ages: name to fields."""
    moment = find_moment(looks, guesses)
    drafted: dict[str, list[DraftField]] = {}
    for look in looks:
        if guesses[look.name].role != "source" or (look.type in MOMENTS and moment is None):
            continue
        tries = [f"{look.name}_months", *(f"{look.name}_months_{n}" for n in range(2, len(taken) + 3))]
        free = next(one for one in tries if one.casefold() not in taken)
        name, others = quote_sql_name(look.name), [look]
        if look.type in MOMENTS and moment is not None:
            sql, told = (
                f"date_diff('month', {name}, {quote_sql_name(moment.name)})",
                f"from {look.name} to {moment.name}",
            )
            others = [look, moment]
        elif "years and months" in guesses[look.name].why:
            years, months = (f"regexp_extract({name}, '{DURATION}', {part})::integer" for part in (1, 2))
            sql, told = f"12 * {years} + {months}", f"of {look.name}"
        else:
            continue
        taken.add(free.casefold())
        has_gaps = any(one.missing or one.codes for one in others)
        drafted[free] = [
            DraftField("type", "integer"),
            DraftField("role", "feature", f"goes with {look.name} as a source; take it out if that is another role"),
            DraftField("sql", sql),
            DraftField("missing", "allowed" if has_gaps else "refused"),
            DraftField("description", f"Months {told}"),
            *[field for field in draft_words(free, Guess("feature"), has_gaps) if field.key.startswith("reason")],
        ]
    return drafted


def _comes_before(table: TextTable, look: ColumnProfile, moment: ColumnProfile) -> bool:
    """Tell whether nearly no date of a column is later than the day of the application."""
    first, last = (f"try_cast(c{one.at} as timestamp)" for one in (look, moment))
    query = f"select count(*) filter ({first} > {last}), count(*) filter ({first} < {last}) from raw"
    later, before = table.connection.execute(query).fetchall()[0]
    return bool(before and later <= _MOST_LATER * (later + before))


def _measure_years(table: TextTable, look: ColumnProfile, moment: ColumnProfile) -> float:
    """Measure the years from a date to the day of the application, of which half the rows have fewer."""
    first, last = (f"try_cast(c{one.at} as timestamp)" for one in (look, moment))
    ((years,),) = table.connection.execute(f"select median(date_sub('year', {first}, {last})) from raw").fetchall()
    return float(years or 0)
