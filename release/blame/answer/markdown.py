"""The answer as Markdown for GitHub: the sentence first, then the parts, the hybrids and whose decisions flip."""

from collections.abc import Iterator

from credit.common.formatting import join_words
from release.blame.answer.content import Blame, FigureBlame, PeopleOrModel
from release.blame.answer.wording import (
    describe_factor,
    describe_flips,
    describe_people_or_model,
    format_band,
    format_flips,
    list_people_or_model,
)
from release.blame.hybrids.figures import format_change, format_value
from release.compare.markdown import escape, format_details, format_table

MARKER = "<!-- credit-model-blame -->"
"""The first line, by which the comment is found and updated in place."""

_SIGNS = {"attributed": "🔎", "inside noise": "✅", "not reproducible": "⚠️", "inconclusive": "⚠️"}


def render_markdown(answer: Blame) -> str:
    """Render the answer. What comes from a version is escaped."""
    return f"{MARKER}\n" + "\n\n".join(_list_parts(answer)) + "\n"


def _list_parts(answer: Blame) -> Iterator[str]:
    yield f"### {_SIGNS[answer.verdict]} {escape(answer.sentence)}"
    for joined in answer.joined:
        words = escape(join_words(joined.factors))
        yield f"- {words} are one factor: without the others it does not run ({escape(joined.why)})"
    for one in answer.figures:
        if one.parts:
            yield _render_figure(answer, one)
    if len(answer.figures) > 1:
        yield format_details("Every figure that was looked at", _render_figures(answer))
    if answer.flips:
        rows = [
            [escape(of.factor), escape(of.attribute), escape(of.group), f"{of.people:,}", describe_flips(of.flips)]
            for of in answer.flips
        ]
        table = format_table(["factor alone", "attribute", "group", "people", "decided otherwise"], rows, 3)
        yield format_details("Whose decisions flip", table)
    if answer.people_or_model:
        yield _render_people_or_model(answer, answer.people_or_model)
    if answer.hybrids:
        yield format_details("The hybrids, and how each is made again", _render_hybrids(answer))
    if answer.inside:
        yield "\n".join(f"- inside {escape(of.factor)}: {escape(line)}" for of in answer.inside for line in of.lines)
    if answer.notes:
        yield "\n".join(f"- {escape(note)}" for note in answer.notes)
    yield "\n".join(f"- next: {escape(line)}" for line in answer.next)


def _render_people_or_model(answer: Blame, one: PeopleOrModel) -> str:
    words = escape(describe_people_or_model(one))
    if one.why_not:
        return words
    heads = ["", f"people of {escape(answer.good)}", f"people of {escape(answer.bad)}"]
    rows = [list(map(escape, row)) for row in list_people_or_model(answer, one)]
    return f"{words}\n\n{format_table(heads, rows)}"


def _render_figure(answer: Blame, one: FigureBlame) -> str:
    rows = [
        [
            escape(part.factor),
            format_change(one.figure, part.value),
            f"{format_change(one.figure, part.lowest)} to {format_change(one.figure, part.highest)}",
            "**yes**" if part.beyond_noise else "no",
            escape(describe_factor(answer, part.factor)),
        ]
        for part in sorted(one.parts, key=lambda part: -abs(part.value))
    ]
    values = f"{format_value(one.figure, one.good)} → {format_value(one.figure, one.bad)}"
    head = f"**{escape(one.words)}** {values}, seed band ±{format_value(one.figure, one.band)}"
    table = format_table(["factor", "part", "over all orders", "beyond the seed band", "what differs"], rows)
    only = [
        f"- only together: {escape(join_words(both.factors))} {format_change(one.figure, both.value)}"
        for both in one.together
    ]
    return "\n\n".join(filter(None, [head, table, "\n".join(only)]))


def _render_figures(answer: Blame) -> str:
    rows = [
        [
            escape(one.words),
            *(format_value(one.figure, value) for value in (one.good, one.bad)),
            format_band(one),
            one.verdict,
        ]
        for one in answer.figures
    ]
    return format_table(["figure", "good", "bad", "seed band", ""], rows)


def _render_hybrids(answer: Blame) -> str:
    names = [one.figure for one in answer.figures if one.parts]
    rows = [
        [
            escape(" + ".join(row.factors) or "nothing"),
            escape(row.champion),
            *(format_value(name, row.figures[name]) for name in names),
            format_flips(row),
            f"`{row.command}`",
        ]
        for row in answer.hybrids
    ]
    return format_table(["changed", "goes forward", *map(escape, names), "flipped", "make it again"], rows, 2)
