"""Look inside the factors that moved a figure: the parameter, the columns and rows, the commit."""

from collections.abc import Iterator
from pathlib import Path

from credit.common.errors import CreditError
from release.blame.answer.content import FigureBlame, InsideFactor
from release.blame.decided_people import DecidedPeople
from release.blame.hybrids.factors import CODE, DATA, Factor
from release.blame.hybrids.figures import format_change, format_value
from release.blame.hybrids.recipes import Recipe
from release.blame.inside.code import describe_commit, find_moving_commit, list_code_commits
from release.blame.inside.data import describe_data
from release.blame.inside.params import list_param_recipes
from release.blame.investigation import Investigation
from release.blame.joining import Measured
from release.compare.sides import Sides
from release.repository.data_sources import find_cache


def look_inside(case: Investigation, figure: FigureBlame, measured: Measured) -> Iterator[InsideFactor]:
    """Look inside each factor that has a part beyond noise, alone or together with others."""
    together = {name for both in figure.together for name in both.factors}
    guilty = {part.factor for part in figure.parts if part.beyond_noise} | together
    for factor in measured.factors:
        if factor.name in guilty:
            lines = (*_look_at_params(case, figure, factor), *_look_at_code(case, figure, factor, measured))
            lines += tuple(_look_at_data(case, factor, measured))
            if lines:
                yield InsideFactor(factor=factor.name, lines=lines)


def _look_at_params(case: Investigation, figure: FigureBlame, factor: Factor) -> Iterator[str]:
    """Run each parameter of the factor alone."""
    for recipe in list_param_recipes(case.sides.map(lambda side: side.params), factor):
        value = case.find_value(recipe, figure.figure)
        moved = "does not run alone" if value is None else format_change(figure.figure, value - figure.good)
        yield f"{recipe.name} alone: {moved}"


def _look_at_code(case: Investigation, figure: FigureBlame, factor: Factor, measured: Measured) -> Iterator[str]:
    """Find the commit of the code alone at which the figure moves."""
    if factor.name != CODE:
        return
    commits = list_code_commits(case.source, case.commits, factor)
    if len(commits) < 2:
        yield from (f"commit {describe_commit(case.source, one)}" for one in commits)
        return

    def measure(commit: str) -> float | None:
        recipe = Recipe(f"code as of {commit[:10]}", frozenset(), factor.paths, None, commit)
        return case.find_value(recipe, figure.figure)

    alone = measured.outcomes[frozenset({factor.name})].figures.get_value(figure.figure, case.question.candidate)
    if alone is None or abs(alone - figure.good) <= figure.band:
        yield f"{len(commits)} commits; alone they do not move it, so none of them is picked"
        return
    found = find_moving_commit(commits, measure, Sides(figure.good, alone))
    values = f"{format_value(figure.figure, figure.good)} → {format_value(figure.figure, alone)}"
    yield f"of {len(commits)} commits, alone {values}, it moves at {describe_commit(case.source, found)}"


def _look_at_data(case: Investigation, factor: Factor, measured: Measured) -> Iterator[str]:
    """Compare the judged tables of the good version and of the hybrid with the data alone."""
    if factor.name != DATA:
        return
    outcomes = Sides(measured.outcomes[frozenset()], measured.outcomes[frozenset({DATA})])
    people = DecidedPeople(find_cache()[0], case.sides, case.question.candidate)
    try:
        tables: Sides[Path] = outcomes.map(lambda one: people.find_file(one, one.judged_table))
        yield from describe_data(people.contract, tables)
    except CreditError as error:
        yield f"the tables cannot be compared: {error.problems[0]}"
