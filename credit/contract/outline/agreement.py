"""Whether the parts of a contract agree: how many columns have a role, what the rule reads, names that SQL mixes up."""

import re

from credit.common.errors import Problem
from credit.contract.contract import Contract
from credit.contract.outline.open_questions import QUESTION_MARK
from credit.contract.outline.parts import ContractOutline
from credit.contract.rule import RULE_COLUMN, find_named_column
from credit.contract.sql_names import extract_sql_names


def find_role_problems(outline: ContractOutline) -> list[Problem]:
    """Find roles that too many columns have, or none."""
    problems = []
    for role, least, most in (("label", 1, 1), ("score", 0, 1), ("id", 0, 1), ("group", 0, 1), ("time", 0, 1)):
        names = outline.select_roles(role)
        if len(names) > most or (least and outline.lacks_role(role)):
            expected = "exactly one" if least else "at most one"
            problems.append(Problem(f"{outline.file}: columns", f"{names or 'no column'} of role {role}", expected))
    if outline.lacks_role("feature", "score"):
        problems.append(Problem(f"{outline.file}: columns", "no column of role feature", "at least one"))
    return problems


def find_unused_sources(outline: ContractOutline) -> list[Problem]:
    """Find columns of role source that no expression names, those of columns with faults included."""
    if outline.has_rule and outline.contract.rule is None:
        return []  # a faulty rule may be what names them
    written = [str(of.get("sql", "")).removeprefix(QUESTION_MARK) for of in outline.texts.values()]
    rules = [] if outline.contract.rule is None else [outline.contract.rule.sql]
    used = {name for sql in [*written, *rules] for name in extract_sql_names(sql)}
    fix = "compute a column of it, or make it ignored"
    return [
        Problem(f"{outline.file}: columns.{name}", "role source, and no `sql` names it", "one that does", fix)
        for name in outline.select_roles("source")
        if name.casefold() not in used and len(outline.roles[name]) == 1
    ]


def find_rule_problems(outline: ContractOutline) -> list[Problem]:
    """Find a second rule, one against a direction or by a category, and a name that its value cannot have."""
    file, scores, rule = outline.file, outline.select_roles("score"), outline.contract.rule
    if not outline.has_rule:
        found, fix = "`more_is: worse` on the score", "a `rule` can say `approve: at_most`, with the score a feature"
        columns = outline.contract.columns
        reversed_scores = [name for name in scores if name in columns and columns[name].more_is == "worse"]
        expected = "better: the rule approves from the threshold on"
        return [Problem(f"{file}: columns.{name}.more_is", found, expected, fix) for name in reversed_scores]
    if scores:
        found, fix = f"a rule, and {scores[0]} of role score", "give that column the role feature"
        return [Problem(f"{file}: rule", found, "one of them", fix)]
    if rule is None:
        return []
    named = find_named_column(rule.sql, outline.contract.columns)
    if named is not None and outline.contract.columns[named].direction * rule.direction < 0:
        found = f"approve {rule.approve}, and `more_is: {outline.contract.columns[named].more_is}` on {named}"
        return [Problem(f"{file}: rule.approve", found, "the rule and the column to agree")]
    if named is not None and outline.contract.columns[named].type == "category":
        found, fix = f"{named}, a category", "say with `case when` what each value counts"
        return [Problem(f"{file}: rule.sql", found, "a boolean or a number", fix)]
    taken = [name for name in outline.roles if name.casefold() == RULE_COLUMN]
    if named is None and taken:
        fix = "make the expression a feature with `sql`, and name that in rule.sql"
        return [Problem(f"{file}: columns.{taken[0]}", "the name of the rule's value", "another name", fix)]
    return []


def find_name_problems(contract: Contract, file: str) -> list[Problem]:
    """Find names that SQL takes for the same."""
    problems = []
    first: dict[str, str] = {}
    for name in contract.columns:
        other = first.setdefault(name.casefold(), name)
        if other != name:
            found = f"the same name as {other} to SQL, which ignores case"
            problems.append(Problem(f"{file}: columns.{name}", found, "another name"))
    return problems


def find_bad_patterns(contract: Contract, file: str) -> dict[str, Problem]:
    """Find, by name, each family whose pattern is no regular expression."""
    problems = {}
    for name, family in contract.families.items():
        try:
            re.compile(family.pattern)
        except re.error as error:
            problems[name] = Problem(f"{file}: families.{name}.pattern", f"not a regular expression: {error}")
    return problems
