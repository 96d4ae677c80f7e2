"""Roles by evidence and by answer: columns that give a protected attribute away, and what a person says a column is."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import ValidationError

from contract_draft.families import ColumnFamily
from contract_draft.fields import DraftField, OpenQuestion
from contract_draft.guesses import Guess, leave_out
from contract_draft.questions.answers import Answers
from contract_draft.questions.marks import Part
from credit.common.errors import Problem, list_problems
from credit.contract.columns import Column, ColumnRole

_SINGLE_ROLES: tuple[ColumnRole, ...] = ("id", "group", "time", "score")
_ROLES = [role for role in get_args(ColumnRole) if role != "label"]


def suspect_proxies(guesses: Mapping[str, Guess], proxies: Mapping[str, Mapping[str, float]]) -> dict[str, Guess]:
    """Ask about each plain feature that guesses a protected column, by the one that it guesses best."""
    suspected = dict(guesses)
    for name, guess in guesses.items():
        found = [(aucs[name], protected) for protected, aucs in proxies.items() if name in aucs]
        if found and guess == Guess("feature"):
            auc, protected = max(found)
            why = f"guesses {protected}, and may stand in for it"
            suspected[name] = Guess("ignored", why, protected, "proxy", measured=f"AUC {auc:.2f}")
    return suspected


def adopt_roles(
    guesses: Mapping[str, Guess], families: Sequence[ColumnFamily], answers: Answers
) -> tuple[dict[str, Guess], list[Problem]]:
    """Adopt the roles that are answered, for a column or for all of a family; also list answers that are no role."""
    given = _spread_over_families(guesses, families, answers)
    adopted, problems = dict(guesses), []
    for name, role in given.items():
        if problem := _judge_role(guesses[name], role, answers.name_place("roles", name)):
            problems.append(problem)
        else:
            adopted[name] = _adopt_role(guesses[name], role)
    for role in _SINGLE_ROLES:
        names = [name for name, guess in adopted.items() if guess.role == role]
        said = [name for name in names if name in given]
        if len(said) > 1:
            where = answers.name_place("roles", said[1])
            problems.append(Problem(where, f"the role {role}, which {said[0]} has too", "one column of it at most"))
        for name in set(names) - set(said) if said else ():
            adopted[name] = leave_out(role)
    return adopted, problems


def _spread_over_families(
    guesses: Mapping[str, Guess], families: Sequence[ColumnFamily], answers: Answers
) -> dict[str, Any]:
    """Spread the answer for a family over its members; one for a column itself comes first."""
    given = answers.given.get("roles", {})
    spread = {name: given[fold.name] for fold in families if fold.name in given for name in fold.members}
    return {**spread, **{name: role for name, role in given.items() if name in guesses}}


def _judge_role(guess: Guess, role: Any, where: str) -> Problem | None:
    if guess.role == "label" and role != "label":
        return Problem(where, repr(role), "the role label", "the key `label` says which column it is")
    if role in _ROLES or guess.role == role:
        return None
    fix = "the key `label` says which column it is" if role == "label" else ""
    return Problem(where, repr(role), f"one of {', '.join(_ROLES)}", fix)


def _adopt_role(guess: Guess, role: ColumnRole) -> Guess:
    if role == "feature":
        return Guess("feature", vouched=guess.kind == "leak")
    return guess._replace(role=role, why=guess.why or f"said to be {role}", kind="")


def find_misfits(parts: Mapping[Part, Sequence[DraftField]], answers: Answers) -> list[Problem]:
    """Find the columns that cannot have the role of the answer: a feature of free text, groups of a date."""
    problems = []
    for (block, name), fields in parts.items():
        if block == "columns" and answers.find("roles", name) is not None:
            try:
                Column.model_validate({field.key: _read_value(field) for field in fields if field.value is not None})
            except ValidationError as error:
                where = answers.name_place("roles", name)
                problems += [problem._replace(where=where) for problem in list_problems(error, "")]
    return problems


def _read_value(field: DraftField) -> Any:
    return field.value.proposal if isinstance(field.value, OpenQuestion) else field.value
