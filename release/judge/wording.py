"""The judgement as a comment: what touches the judge first, then both verdicts, then the comparison with the base."""

from collections import Counter
from collections.abc import Iterator, Sequence

from release.compare.comment import MARKER, render_comment
from release.compare.markdown import NO_VALUE, escape, format_champion, format_table
from release.compare.sides import Sides
from release.judge.changes import JudgeChange
from release.judge.judgement import Judgement

MOST_ROWS = 60
"""Rows of the table of changes; the JSON has them all."""

MOST_CHARACTERS = 40_000
"""Before the comparison, half of them for the changes. GitHub refuses a longer comment, and an older one would stay."""

MOST_LISTED = 20
"""Candidates, files of training code and problems that are listed; of the rest the number is."""

MOST_OF_TEXT, MOST_ESCAPED = 200, 300
"""Characters of one text of the change, as it is and escaped: one row of each kind has to fit into its half."""


def render_judgement(judgement: Judgement) -> str:
    """Render the whole comment: under what touches the judge, the comparison with all that forbids the merge."""
    parts = [
        _cut_lines(_render_changes(judgement), MOST_CHARACTERS // 2),
        _render_verdicts(judgement),
        _render_training_code(judgement),
        _render_departures(judgement),
        _render_champions(judgement),
    ]
    first = _cut_lines("\n\n".join([MARKER, *filter(None, parts)]).replace("\n\n", "\n", 1), MOST_CHARACTERS)
    problems = _list_some([_shorten(problem) for problem in judgement.problems])
    if judgement.comparison is None:
        lines = ["### ❌ Do not merge", *(f"- {escape(problem)}" for problem in problems)]
        return "\n".join([first, "", *lines, ""])
    comparison = judgement.comparison.model_copy(update={"problems": tuple(problems)})
    return f"{first}\n\n{render_comment(comparison, len(first)).removeprefix(MARKER).lstrip()}"


def _render_changes(judgement: Judgement) -> str:
    """Render what touches the judge. What the change would have is said beside what is in use."""
    if not judgement.touches_judge:
        return ""
    text = (
        "### ⚖️ Changes to the judge\n\nThe verdict below is that of the base, whose judge this change does not alter "
        "before somebody who answers for it has merged it."
    )
    rows = _choose_rows(judgement.changes)
    if not rows:
        return text
    left = len(judgement.changes) - len(rows)
    more = f" {left} more; `release judge --json` lists them." if left > 0 else ""
    return f"{text}{more}\n\n{format_table(['kind', 'what', 'base', 'change', 'in this verdict'], rows, 5)}"


def _choose_rows(changes: Sequence[JudgeChange]) -> list[list[str]]:
    """Choose the rows that are shown: every kind's first, then every kind's second, so that none is hidden."""
    seen: Counter[str] = Counter()
    order = []
    for number, one in enumerate(changes):
        seen[one.kind] += 1
        order.append((seen[one.kind], number))
    return [_format_change(changes[number]) for _, number in sorted(order)[:MOST_ROWS]]


def _format_change(one: JudgeChange) -> list[str]:
    texts = (_escape_shortened(text) for text in (one.kind, one.where, one.base, one.head))
    return [*(text or NO_VALUE for text in texts), "the change's" if one.is_used else "the base's"]


def _cut_lines(text: str, most: int) -> str:
    """Cut whole lines off the end of a text that is too long: half a line may be half an escape."""
    if len(text) <= most:
        return text
    kept = text[:most].rpartition("\n")[0]
    return f"{kept}\n\n_The rest is too long for GitHub; `release judge --json` has all of it._"


def _shorten(text: str, most: int = MOST_OF_TEXT) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _escape_shortened(text: str) -> str:
    """Escape as much of a text as fits: one character can become five, and half an escape is none."""
    most = MOST_OF_TEXT
    while len(escaped := escape(_shorten(text, most))) > MOST_ESCAPED:
        most = most * 3 // 4
    return escaped


def _list_some(texts: Sequence[str]) -> list[str]:
    """List some texts, and how many more there are."""
    more = len(texts) - MOST_LISTED
    return [*texts[:MOST_LISTED], *([f"and {more:,} more"] if more > 0 else [])]


def _render_verdicts(judgement: Judgement) -> str:
    """Render both verdicts where the change has another judge, or says something else."""
    if not judgement.verdicts or not (judgement.touches_judge or judgement.champion.has_changed):
        return ""
    rows = [
        [
            _escape_shortened(one.candidate),
            *(_format_verdict(Sides(*pair)) for pair in zip(one.verdict, one.eligible, strict=True)),
        ]
        for one in judgement.verdicts[:MOST_LISTED]
    ]
    if len(judgement.verdicts) > MOST_LISTED:
        rows.append([f"and {len(judgement.verdicts) - MOST_LISTED:,} more", NO_VALUE, NO_VALUE])
    champions = [format_champion(_shorten(name)) if name else NO_VALUE for name in judgement.champion]
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
    names = ", ".join(_list_some([_escape_shortened(path) for path in judgement.training_code]))
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
    lines = _list_some(list(_list_departures(judgement)))
    sign = "⚠️ " if judgement.lost_too_many else ""
    other = judgement.departures[0].dataset
    since = f"since the base, in another dataset, {_escape_shortened(other)}" if other else "since the base"
    return "\n".join([f"**{sign}Who left the data** {since}, by group", "", *lines])


def _list_departures(judgement: Judgement) -> Iterator[str]:
    for one in judgement.departures:
        who = _escape_shortened(f"{one.attribute} {one.group}")
        yield f"- {who}: {one.base:,} → {one.head:,} people ({-one.share:.1%})"
