"""The answer to a question: which step it was, with everything that it rests on."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from credit.common.errors import CreditError
from credit.common.temporary import make_temporary_folder
from release.blame.answer.content import (
    Blame,
    FactorDescription,
    FigureBlame,
    JoinedFactors,
    Verdict,
)
from release.blame.answer.wording import describe_verdict, suggest_next
from release.blame.hybrid_rows import list_hybrids
from release.blame.hybrids.factors import LIBRARIES, Factor, is_seed
from release.blame.hybrids.locks import describe_changes, is_installed
from release.blame.inside.look import look_inside
from release.blame.inside.people_or_model import divide_people_and_model
from release.blame.investigation import Investigation, Question
from release.blame.joining import Measured
from release.blame.judging import Ruler, is_made_again, judge_parts
from release.blame.progress import Progress
from release.compare.data_and_params import compare_params

_MOST_PATHS = 12


def find_cause(question: Question) -> Blame:
    """Find which step moved the figures. Raises CreditError for versions that cannot be compared."""
    with make_temporary_folder() as temporary:
        case = Investigation(question, temporary / "source", Progress())
        rulers = case.choose_rulers()
        beyond = [ruler for ruler in rulers if ruler.is_beyond(ruler.move)]
        if not beyond:
            return _answer(case, "inside noise", [ruler.answer("inside noise") for ruler in rulers])
        return _refuse_other_results(case, beyond) or _divide(case, rulers, beyond)


def leave_hybrid(question: Question, factors: tuple[str, ...], folder: Path) -> None:
    """Make one hybrid in a new folder, to be looked at."""
    with make_temporary_folder() as temporary:
        Investigation(question, temporary / "source", Progress()).leave(factors, folder)


def _refuse_other_results(case: Investigation, moved: list[Ruler]) -> Blame | None:
    """Answer that the bad version cannot be made again; None where it can."""
    candidate = case.question.candidate
    try:
        remade = case.remake()
    except CreditError as error:
        figures = [ruler.answer("not reproducible") for ruler in moved]
        return _answer(case, "not reproducible", figures, notes=[f"the bad version does not run: {error.problems[0]}"])
    if not all(is_made_again(ruler, remade, candidate) for ruler in moved):
        notes = [_describe_remade(ruler, remade.figures.get_value(ruler.name, candidate)) for ruler in moved]
        return _answer(case, "not reproducible", [one.answer("not reproducible") for one in moved], notes=notes)
    return None


def _divide(case: Investigation, rulers: list[Ruler], beyond: list[Ruler]) -> Blame:
    """Make the hybrids, unless other seeds do not show the move."""
    candidate = case.question.candidate
    moved = [ruler for ruler in beyond if case.is_confirmed(ruler)]
    unconfirmed = [
        f"{one.name} moved beyond its band, and other seeds on both sides do not show it"
        for one in beyond
        if one not in moved
    ]
    if not moved:
        return _answer(case, "inside noise", [one.answer("inside noise") for one in rulers], notes=unconfirmed)
    measured = case.measure(moved[0])
    judged = [judge_parts(ruler, measured, candidate) for ruler in moved]
    rest = [ruler.answer("inside noise") for ruler in rulers if ruler not in moved]
    return _answer(case, judged[0].verdict, [*judged, *rest], measured, unconfirmed)


def _describe_remade(ruler: Ruler, value: float | None) -> str:
    return f"{ruler.name}: {value} when the bad version is made again here, {ruler.values.head} in its reports"


def _answer(
    case: Investigation,
    verdict: Verdict,
    figures: Sequence[FigureBlame],
    measured: Measured | None = None,
    notes: Sequence[str] = (),
) -> Blame:
    sides = case.sides
    hybrids, flips, unknown = list_hybrids(case, measured, [one.figure for one in figures])
    answer = Blame(
        good=sides.base.name,
        bad=sides.head.name,
        commits=sides.map(lambda side: side.commit),
        champions=case.figures.map(lambda side: side.champion),
        candidate=case.question.candidate,
        verdict=verdict,
        sentence="",
        figures=tuple(figures),
        factors=tuple(_describe_factor(case, one) for one in case.differences.factors),
        joined=tuple(JoinedFactors(factors=one.factors, why=one.why) for one in (measured.joins if measured else ())),
        hybrids=tuple(hybrids),
        flips=tuple(flips),
        people_or_model=divide_people_and_model(case, figures[0]) if measured and verdict == "attributed" else None,
        inside=tuple(look_inside(case, figures[0], measured)) if measured and verdict == "attributed" else (),
        notes=(*notes, *unknown, *_list_notes(case)),
        runs=case.workshop.ran,
        next=(),
    )
    return answer.model_copy(update={"sentence": describe_verdict(answer), "next": tuple(suggest_next(answer))})


def _describe_factor(case: Investigation, factor: Factor) -> FactorDescription:
    if factor.name == LIBRARIES:
        return FactorDescription(factor=factor.name, what=_shorten(describe_changes(case.locks)))
    changed = compare_params(case.sides)
    params = [
        f"{key} {before} → {after}"
        for key, (before, after) in changed.items()
        if key.partition(".")[0] in factor.blocks and not is_seed(key)
    ]
    return FactorDescription(factor=factor.name, what=(*params, *_shorten(factor.paths)))


def _shorten(what: Sequence[str]) -> tuple[str, ...]:
    more = len(what) - _MOST_PATHS
    return (*what[:_MOST_PATHS], *([f"{more} more"] if more > 0 else []))


def _list_notes(case: Investigation) -> Iterator[str]:
    """List what a reader has to know beside the figures."""
    of = case.differences
    if of.seeds:
        yield f"seeds differ, which is noise and no cause: {', '.join(of.seeds)}; every hybrid has the good version's"
    if case.inseparable:
        yield _describe_libraries(case, case.inseparable)
    if case.left_out:
        yield f"without {', '.join(case.left_out)} the worst figure moves as far; these are not divided among"
    if of.unread:
        yield f"no stage above the figures reads {', '.join(of.unread[:_MOST_PATHS])}" + (
            f" and {len(of.unread) - _MOST_PATHS} more" if len(of.unread) > _MOST_PATHS else ""
        )


def _describe_libraries(case: Investigation, why: CreditError) -> str:
    """Describe that libraries are no factor, whose ran all hybrids, and how to have an environment for each."""
    installed = [side.name for side, lock in zip(case.sides, case.locks, strict=True) if is_installed(lock)]
    whose = f"those of {installed[0]}" if installed else "those installed here"
    part = "; their part is how the good version moves" if case.sides.head.name in installed else ""
    return f"{LIBRARIES} differ and are not separable: all hybrids ran with {whose}{part}; {why.problems[0]}"
