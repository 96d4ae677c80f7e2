"""The answer in words: one sentence, a table of the parts, and what to do next."""

from collections.abc import Iterator, Sequence

from tabulate import tabulate

from credit.common.candidate_definition import format_candidate
from credit.common.formatting import capitalise, join_words
from credit.registry.names import match_version
from release.blame.answer.content import Blame, FigureBlame, HybridRow, PeopleOrModel
from release.blame.hybrids.figures import format_change, format_value

_MOST_PARTS = 4


def describe_verdict(answer: Blame) -> str:
    """Describe in one sentence what moved the worst figure."""
    worst = answer.figures[0]
    return f"{_describe_move(answer, worst)}: {_describe_cause(answer, worst)}."


def _describe_move(answer: Blame, one: FigureBlame) -> str:
    how = "stayed at" if not one.move else "fell" if one.move < 0 else "rose"
    values = format_value(one.figure, one.good)
    values += f" → {format_value(one.figure, one.bad)}" if one.move else ""
    who = ""
    if answer.champions.has_changed and answer.candidate is None:
        before, after = answer.champions.map(format_candidate)
        who = f", as {after} goes forward instead of {before}"
    return f"{capitalise(one.words)} {how} {values}{who}"


def _describe_cause(answer: Blame, one: FigureBlame) -> str:
    band = f"seed band ±{format_value(one.figure, one.band)}"
    if one.verdict == "inside noise" and abs(one.move) > one.band:
        return f"other seeds on both sides do not show it, so there is nothing to blame; {band}"
    if one.verdict == "inside noise":
        return f"no move beyond the {band}, so there is nothing to blame"
    if one.verdict == "not reproducible":
        return f"{answer.bad}, made again here, has other figures than it says, so nothing is blamed; {band}"
    parts = sorted(one.parts, key=lambda part: -abs(part.value))
    told = [f"{part.factor} {format_change(one.figure, part.value)}" for part in parts[:_MOST_PARTS]]
    told += [f"{len(parts) - _MOST_PARTS} more"] if len(parts) > _MOST_PARTS else []
    only = [
        f"{join_words(both.factors)} only together {format_change(one.figure, both.value)}" for both in one.together
    ]
    whole = f"together they say {format_change(one.figure, one.explained)} of {format_change(one.figure, one.move)}"
    undecided = ["no factor moves it by more than the seeds do"] if one.verdict == "inconclusive" else []
    return f"{', '.join(told)}; {'; '.join([*undecided, *only, band, whole])}"


def format_band(one: FigureBlame) -> str:
    """Format the seed band of a figure; of one that did not move it is not measured."""
    return f"seed band ±{format_value(one.figure, one.band)}" if one.move else "did not move"


def render_text(answer: Blame) -> str:
    """Render the answer for a terminal."""
    return "\n\n".join(filter(None, map("\n".join, (list(part) for part in _list_parts(answer)))))


def _list_parts(answer: Blame) -> Iterator[Iterator[str]]:
    yield _render_head(answer)
    for one in answer.figures:
        if one.parts:
            yield _render_figure(answer, one)
    yield _render_hybrids(answer)
    yield _render_flips(answer)
    yield _render_people_or_model(answer)
    yield (f"inside {one.factor}: {line}" for one in answer.inside for line in one.lines)
    yield (f"note:  {note}" for note in answer.notes)
    yield (f"next:  {line}" for line in answer.next)


def _render_head(answer: Blame) -> Iterator[str]:
    yield answer.sentence
    yield f"verdict: {answer.verdict}"
    for one in answer.figures[1:]:
        band = format_band(one)
        values = f"{format_value(one.figure, one.good)} → {format_value(one.figure, one.bad)}"
        yield f"  {one.words} {values}, {band}: {one.verdict}"
    for joined in answer.joined:
        yield f"{join_words(joined.factors)} are one factor: without the others it does not run ({joined.why})"


def _render_figure(answer: Blame, one: FigureBlame) -> Iterator[str]:
    rows = []
    for part in sorted(one.parts, key=lambda part: -abs(part.value)):
        span = f"{format_change(one.figure, part.lowest)} to {format_change(one.figure, part.highest)}"
        noise = "" if part.beyond_noise else "within the seed band"
        rows.append(
            [part.factor, format_change(one.figure, part.value), span, noise, describe_factor(answer, part.factor)]
        )
    rows.append(["together", format_change(one.figure, one.explained), "", "", ""])
    rows.append(["the rest", format_change(one.figure, one.remainder), "", "", "seeds, and what is not in git"])
    yield f"{one.words}, {format_change(one.figure, one.move)}"
    yield tabulate(rows, headers=["factor", "part", "over all orders", "", "what differs"], disable_numparse=True)
    for both in one.together:
        yield f"only together: {join_words(both.factors)} {format_change(one.figure, both.value)}"


def describe_factor(answer: Blame, name: str) -> str:
    """Describe the differences of a factor in a few words."""
    what = [line for of in answer.factors if of.factor in name.split(" + ") for line in of.what]
    return "; ".join(what[:2]) + (f"; {len(what) - 2} more" if len(what) > 2 else "")


def _render_hybrids(answer: Blame) -> Iterator[str]:
    if answer.hybrids:
        names = [one.figure for one in answer.figures if one.parts]
        rows = [
            [
                " + ".join(row.factors) or f"nothing ({answer.good})",
                row.champion,
                *(format_value(name, row.figures[name]) for name in names),
                format_flips(row),
                row.command,
            ]
            for row in answer.hybrids
        ]
        heads = ["changed", "goes forward", *names, "flipped", "make it again"]
        yield tabulate(rows, headers=heads, disable_numparse=True)


def describe_people_or_model(one: PeopleOrModel) -> str:
    """Describe in a sentence whether it is other people or another model."""
    if one.people is None or one.model is None:
        return f"People or model is not known: {one.why_not}"
    people, model = (format_change(one.figure, value) for value in (one.people, one.model))
    return f"People or model, on the test rows: other people {people}, another model {model}"


def list_people_or_model(answer: Blame, one: PeopleOrModel) -> list[list[str]]:
    """List the figure by model and people, a row for each model."""
    texts = [format_value(one.figure, value) for value in one.values]
    return [[f"model of {answer.good}", *texts[:2]], [f"model of {answer.bad}", *texts[2:]]]


def _render_people_or_model(answer: Blame) -> Iterator[str]:
    if one := answer.people_or_model:
        yield describe_people_or_model(one)
        if not one.why_not:
            heads = ["", f"people of {answer.good}", f"people of {answer.bad}"]
            yield tabulate(list_people_or_model(answer, one), headers=heads, disable_numparse=True)


def format_flips(row: HybridRow) -> str:
    """Format how many decisions flip in a hybrid."""
    if not row.factors:
        return ""
    return "not comparable" if row.flipped is None else f"{row.flipped:,} of {row.people:,}"


def _render_flips(answer: Blame) -> Iterator[str]:
    if answer.flips:
        rows = [[of.factor, of.attribute, of.group, f"{of.people:,}", describe_flips(of.flips)] for of in answer.flips]
        yield tabulate(rows, headers=["alone", "", "group", "people", "decided otherwise"], disable_numparse=True)


def describe_flips(flips: dict[str, int]) -> str:
    """Describe flips by the decision before and after: `12 approve to deny`."""
    return ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in flips.items() if count)


def suggest_next(answer: Blame) -> Iterator[str]:
    """Suggest what to do."""
    worst, pair = answer.figures[0], f"{answer.good} {answer.bad}"
    if answer.verdict == "inside noise":
        yield f"release compare {pair} says what differs; none of it has moved a figure more than the seeds do"
    elif answer.verdict == "not reproducible":
        yield f"release verify {answer.bad} says whether its bytes are those of its tag; dvc repro --force what differs"
    elif answer.verdict == "inconclusive":
        yield f"release blame {pair} --reseeds 9 measures the seed band more closely"
    else:
        yield from _suggest_for_cause(answer, worst)


def _suggest_for_cause(answer: Blame, worst: FigureBlame) -> Iterator[str]:
    guilty = max(worst.parts, key=lambda part: abs(part.value)).factor.split(" + ")
    files = [line for of in answer.factors if of.factor in guilty for line in of.what]
    yield f"take back {join_words(guilty)}: {'; '.join(files[:3])}"
    if match_version(answer.good) and match_version(answer.bad):
        why = f"{join_words(guilty)} moved {worst.words}"
        yield f"where {answer.bad} is live: release rollback --env prod --to {answer.good} --reason '{why}'"


def list_guilty(answer: Blame) -> Sequence[str]:
    """List the factors that move the worst figure by more than the seeds do, the largest first."""
    parts = sorted(answer.figures[0].parts, key=lambda part: -abs(part.value))
    return [part.factor for part in parts if part.beyond_noise]
