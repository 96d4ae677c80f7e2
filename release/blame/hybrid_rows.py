"""The hybrids as rows of the answer, with whose decisions flip in them."""

from collections.abc import Sequence

from release.blame.answer.content import GroupFlips, HybridRow
from release.blame.decided_people import DecidedPeople
from release.blame.investigation import Investigation
from release.blame.joining import Measured
from release.compare.decisions import DecisionComparison
from release.compare.same_people import Uncompared
from release.repository.data_sources import find_cache


def list_hybrids(
    case: Investigation, measured: Measured | None, figures: Sequence[str]
) -> tuple[list[HybridRow], list[GroupFlips], list[str]]:
    """List the hybrids with their figures, the flips by group of each factor alone, and why some have none."""
    if measured is None:
        return [], [], []
    question, start = case.question, measured.outcomes[frozenset()]
    people = DecidedPeople(find_cache()[0], case.sides, question.candidate)
    rows: list[HybridRow] = []
    flips: list[GroupFlips] = []
    unknown: dict[str, None] = {}
    for key, outcome in measured.outcomes.items():
        names = tuple(one.name for one in measured.factors if one.name in key)
        compared = people.compare(start, outcome) if key else None
        known = compared if isinstance(compared, DecisionComparison) else None
        if isinstance(compared, Uncompared):
            unknown[f"decisions could not be compared person by person: {compared.why_not}"] = None
        rows.append(
            HybridRow(
                factors=names,
                champion=outcome.figures.champion,
                figures={name: outcome.figures.get_value(name, question.candidate) for name in figures},
                flipped=0 if not key else known.flipped if known else None,
                people=known.people if known else None,
                command=_describe_command(case, names),
            )
        )
        if len(names) == 1 and known:
            flips += [
                GroupFlips(factor=names[0], attribute=of.attribute, group=of.group, people=of.people, flips=of.flips)
                for of in known.findings
                if any(of.flips.values())
            ]
    return rows, flips, list(unknown)


def _describe_command(case: Investigation, factors: Sequence[str]) -> str:
    """Write the command that makes a hybrid again in a folder, to be looked at."""
    names = ",".join(part for name in factors for part in name.split(" + ")) or "nothing"
    sides = case.sides
    return f"release blame {sides.base.name} {sides.head.name} --make {names} --into ../{names.replace(',', '-')}"
