"""People or model: the models of both versions on the test rows of both, so that a move by other people is told apart.

The rows that are judged are part of the data: a version may look worse because other people are in them. Each model
judges them by its own code and libraries. Figures of groups are those of the test rows here, as a model that was
shipped has no folds: where reports have them out of fold, they differ from those a little.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from credit.common.errors import CreditError, Problem
from credit.common.formatting import join_words
from release.blame.answer.content import FigureBlame, PeopleOrModel
from release.blame.hybrids.other_people import EVALUATE
from release.blame.hybrids.pipeline_inputs import PIPELINE, PipelineInputs, read_pipeline_inputs
from release.blame.hybrids.recipes import Recipe, make_recipe, make_whole_recipe, write_params
from release.blame.hybrids.workshop import Outcome
from release.blame.investigation import Investigation
from release.blame.shapley import divide_move
from release.compare.sides import Sides
from release.repository.revision import Revision

TRAIN = "train"


def divide_people_and_model(case: Investigation, figure: FigureBlame) -> PeopleOrModel | None:
    """Divide the move of a figure among the people and the model; None where both have the same people.

    Where a model cannot judge the people of the other side, `why_not` says so.
    """
    try:
        outcomes = Sides(case.find_good(), case.remake())
        tables = find_judged_tables(case.sides.base, outcomes)
        if not tables.has_changed:
            return None
        return _divide(figure.figure, tuple(_list_values(case, figure, tables)))
    except CreditError as error:
        return PeopleOrModel(figure=figure.figure, values=(), people=None, model=None, why_not=str(error))


def find_judged_tables(good: Revision, outcomes: Sides[Outcome]) -> Sides[dict[str, str]]:
    """Find the tables that `evaluate` judges, with their MD5: what it reads but for the model and the contract."""
    stages = _read_pipeline(good, EVALUATE).stages
    reading = next(stage for stage in stages if stage.name == EVALUATE)
    made = {path for stage in stages if stage.name != TRAIN for path in stage.outs}
    names = [path for path in reading.deps if path in made and not path.endswith(".yaml")]
    for name, of in zip(("good", "bad"), outcomes, strict=True):
        missing = [path for path in names if of.outputs.get(path, ".dir").endswith(".dir")]
        if missing or not names:
            where = f"the test rows of the {name} version"
            raise CreditError(Problem(where, f"no file {join_words(missing)}" if missing else "no table"))
    return outcomes.map(lambda of: {path: of.outputs[path] for path in names})


def _read_pipeline(revision: Revision, target: str) -> PipelineInputs:
    return read_pipeline_inputs(revision.read_text(PIPELINE) or "", f"{PIPELINE} at {revision.name}", target)


def _list_values(case: Investigation, figure: FigureBlame, tables: Sides[dict[str, str]]) -> Iterator[float]:
    """List the figure by model, and of each by people, the good version's first."""
    own = {} if ":" in figure.figure else {(0, 0): figure.good, (1, 1): figure.bad}
    for model, candidate in enumerate(case.candidates):
        for people, of in enumerate(tables):
            if (model, people) in own:
                yield own[model, people]
                continue
            recipe = _make_cell(case, model == 1, case.sides[people].name, of)
            value = case.make(recipe).figures.get_value(figure.figure, candidate)
            if value is None:
                raise CreditError(Problem(recipe.name, f"no {figure.words}"))
            yield value


def _make_cell(case: Investigation, bad: bool, people: str, tables: dict[str, str]) -> Recipe:
    """Make the recipe of one side's model on some people: all are judged by the shipped model, none out of fold."""
    side = case.sides[bad]
    recipe = make_whole_recipe(case.sides, case.differences.factors) if bad else make_recipe(case.sides, ())
    params: dict[str, Any] = deepcopy(side.params)
    if "out_of_fold" in (params.get("predict") or {}):
        params["predict"]["out_of_fold"] = "never"
    name = f"the model of {side.name} on the people of {people}"
    return recipe._replace(name=name, params=write_params(params), people=tuple(tables.items()))


def _divide(figure: str, values: tuple[float, ...]) -> PeopleOrModel:
    """Divide a move between two things that changed; values: by model, then by people."""
    people, model = "people", "model"
    sets = frozenset[str](), frozenset({people}), frozenset({model}), frozenset({people, model})
    parts = {one.factor: one.value for one in divide_move((people, model), dict(zip(sets, values, strict=True)))}
    return PeopleOrModel(figure=figure, values=values, people=parts[people], model=parts[model], why_not="")
