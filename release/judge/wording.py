"""The judgement as a comment: what touches the judge first, then both verdicts, then the comparison with the base."""

from collections.abc import Iterator

from release.compare.comment import MARKER, render_comment
from release.compare.markdown import NO_VALUE, escape, format_champion, format_table
from release.compare.sides import Sides
from release.judge.judgement import Judgement

MOST_ROWS = 60
"""Rows of the table of changes; the JSON has them all."""


def render_judgement(judgement: Judgement) -> str:
    """Render the whole comment: under what touches the judge, the comparison with all that forbids the merge."""
    parts = [
        _render_changes(judgement),
        _render_verdicts(judgement),
        _render_training_code(judgement),
        _render_departures(judgement),
        _render_champions(judgement),
    ]
    first = "\n\n".join([MARKER, *filter(None, parts)]).replace("\n\n", "\n", 1)
    if judgement.comparison is None:
        problems = "\n".join(["### ❌ Do not merge", *(f"- {escape(problem)}" for problem in judgement.problems)])
        return f"{first}\n\n{problems}\n"
    comparison = judgement.comparison.model_copy(update={"problems": judgement.problems})
    return f"{first}\n\n{render_comment(comparison, len(first)).removeprefix(MARKER).lstrip()}"


def _render_changes(judgement: Judgement) -> str:
    """Render what touches the judge. What the change would have is said beside what is in use."""
    if not judgement.touches_judge:
        return ""
    text = (
        "### ⚖️ Changes to the judge\n\nThe verdict below is that of the base, whose judge this change does not alter "
        "before somebody who answers for it has merged it."
    )
    rows = [
        [
            escape(one.kind),
            escape(one.where),
            escape(one.base) or NO_VALUE,
            escape(one.head) or NO_VALUE,
            "the change's" if one.is_used else "the base's",
        ]
        for one in judgement.changes[:MOST_ROWS]
    ]
    if not rows:
        return text
    left = len(judgement.changes) - len(rows)
    more = f"\n\n{left} more; `release judge --json` lists them." if left > 0 else ""
    return f"{text}\n\n{format_table(['kind', 'what', 'base', 'change', 'in this verdict'], rows, 5)}{more}"


def _render_verdicts(judgement: Judgement) -> str:
    """Render both verdicts where the change has another judge, or says something else."""
    if not judgement.verdicts or not (judgement.touches_judge or judgement.champion.has_changed):
        return ""
    rows = [
        [
            escape(one.candidate),
            *(_format_verdict(Sides(*pair)) for pair in zip(one.verdict, one.eligible, strict=True)),
        ]
        for one in judgement.verdicts
    ]
    champions = [format_champion(name) if name else NO_VALUE for name in judgement.champion]
    return "**Both verdicts**\n\n" + format_table(
        ["candidate", "the judge of the base", "the change's own, as it committed it"],
        [*rows, ["**goes forward**", *champions]],
        3,
    )


def _format_verdict(pair: Sides[object]) -> str:
    verdict, eligible = pair
    if verdict is None:
        return NO_VALUE
    return f"{escape(verdict)}, {'eligible' if eligible else 'not eligible'}"


def _render_training_code(judgement: Judgement) -> str:
    if not judgement.training_code:
        return ""
    names = ", ".join(escape(path) for path in judgement.training_code)
    return (
        f"**Read this code first**: {names}. It made the predictions that are judged here. Who is trained on whom, "
        "labels, groups and folds are the base's, and checked; that the scores are honest is for a person to see."
    )


def _render_champions(judgement: Judgement) -> str:
    """Render who goes forward by other seeds of the folds, where that is not always the same."""
    if len(judgement.champions) < 2:
        return ""
    told = ", ".join(f"{format_champion(name)} in {times}" for name, times in judgement.champions.items())
    return f"**⚠️ By chance**: of {sum(judgement.champions.values())} partitions into folds, {told}."


def _render_departures(judgement: Judgement) -> str:
    if not judgement.departures:
        return ""
    lines = list(_list_departures(judgement))
    sign = "⚠️ " if judgement.lost_too_many else ""
    return "\n".join([f"**{sign}Who left the data** since the base, by group", "", *lines])


def _list_departures(judgement: Judgement) -> Iterator[str]:
    for one in judgement.departures:
        yield f"- {escape(f'{one.attribute} {one.group}')}: {one.base:,} → {one.head:,} people ({-one.share:.1%})"
