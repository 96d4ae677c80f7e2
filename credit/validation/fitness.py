"""Whether the accepted rows of a table are fit to learn from: enough of them, two classes, no empty group or level."""

from credit.common.errors import Problem
from credit.reports.validation import BrokenRule
from credit.validation.expectations import ValidateParams
from credit.validation.tally import ValidationTally


def find_unfitness(tally: ValidationTally, params: ValidateParams, file: str) -> list[Problem]:
    """Find each problem that makes the accepted rows unfit to learn from."""
    problems = [
        *_find_too_many_aside(tally, params.max_quarantined, file),
        *_find_label_problems(tally, file),
        *_find_empty_catch_alls(tally, file),
    ]
    for name in tally.groups:
        problems += _find_small_groups(tally, name, params.min_group, file)
    return problems


def _find_too_many_aside(tally: ValidationTally, largest: float, file: str) -> list[Problem]:
    if tally.quarantined / tally.rows <= largest:
        return []
    limit = f"at most {largest:.1%} (validate.max_quarantined)"
    return [
        Problem(file, f"{tally.quarantined:,} of {tally.rows:,} rows set aside", limit),
        *(
            Problem(
                f"{file}: {rule.column}",
                f"{_describe_example(tally, rule)} ({rule.rows:,} rows)",
                rule.allowed,
                "guard a division in its sql: a / nullif(b, 0)" if _is_endless(tally, rule) else "",
            )
            for rule in tally.list_breaches()
        ),
    ]


def _describe_example(tally: ValidationTally, rule: BrokenRule) -> str:
    """Describe one value that breaks a rule for the terminal: a level of any category too, nothing personal."""
    is_level = tally.contract.columns[rule.column].type == "category"
    return tally.examples[rule.column, rule.allowed] if rule.example or is_level else "a value"


def _is_endless(tally: ValidationTally, rule: BrokenRule) -> bool:
    """Tell whether a derived column is infinite, as a ratio is by a zero."""
    is_derived = tally.contract.columns[rule.column].sql is not None
    return is_derived and tally.examples[rule.column, rule.allowed] in ("inf", "-inf")


def _find_label_problems(tally: ValidationTally, file: str) -> list[Problem]:
    label = tally.contract.label
    favourable = tally.contract.columns[label].favourable
    if tally.quarantined < tally.rows and len(tally.labels) < 2:
        found = f"only {next(iter(tally.labels), 'rows without a value')!r}"
        return [Problem(f"{file}: {label}", found, "two classes: one favourable, one not")]
    if favourable not in tally.labels:
        return [Problem(f"{file}: {label}", f"no row with {favourable!r}, the favourable value", "some rows")]
    return []


def _find_empty_catch_alls(tally: ValidationTally, file: str) -> list[Problem]:
    """Find levels that new ones would count as, and of which no model could learn anything."""
    fix = "fold rare levels into it with `fold`, or let new ones count as a level with rows"
    return [
        Problem(f"{file}: {name}", f"no row of {tally.contract.columns[name].new_levels!r}", "some rows", fix)
        for name, rows in tally.catch_alls.items()
        if not rows and tally.quarantined < tally.rows
    ]


def _find_small_groups(tally: ValidationTally, name: str, least: int, file: str) -> list[Problem]:
    fix = f"merge it into another group of {name} in the contract, or lower validate.min_group"
    column = tally.contract.columns[name]
    return [
        Problem(
            f"{file}: {name}",
            f"{tally.groups[name][group]} people of group {column.name_value(group)!r}",
            f"at least {least}",
            fix,
        )
        for group in map(str, column.allowed or ())
        if tally.groups[name][group] < least
    ]
