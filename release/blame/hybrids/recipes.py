"""Recipes: the good version with some of the factors, or all, as they are in the bad one; or with other seeds."""

from copy import deepcopy
from typing import Any, NamedTuple

import yaml

from credit.common.candidate_names import HEURISTIC
from release.blame.hybrids.factors import Factor, keep_seeds, list_seeds, read_value
from release.compare.sides import Sides
from release.repository.revision import Revision


class Recipe(NamedTuple):
    """What a hybrid is made of, over the version that was good.

    `factors`: the names of those that are as in the bad version; `paths`: the files; `params`: the text of params.yaml,
    None for that of the good one; `commit`: where the files are from, None for the bad version; `people`: tables of
    other people, by path with their MD5, that are judged by the models that this hybrid trains on its own.
    """

    name: str
    factors: frozenset[str]
    paths: tuple[str, ...]
    params: str | None
    commit: str | None = None
    people: tuple[tuple[str, str], ...] = ()


def make_recipe(sides: Sides[Revision], factors: tuple[Factor, ...]) -> Recipe:
    """Make the recipe of some factors, with the seeds of the good version."""
    blocks = {block for one in factors for block in one.blocks}
    names = [one.name for one in factors]
    paths = tuple(path for one in factors for path in one.paths)
    return Recipe(" + ".join(names) or "nothing changed", frozenset(names), paths, _merge(sides, blocks))


def make_whole_recipe(sides: Sides[Revision], factors: tuple[Factor, ...]) -> Recipe:
    """Make the recipe of the bad version itself, with its own seeds."""
    recipe = make_recipe(sides, factors)
    return recipe._replace(name="the bad version, with its own seeds", params=sides.head.read_text("params.yaml"))


def make_reseeded_recipe(
    sides: Sides[Revision], factors: tuple[Factor, ...], number: int, candidate: str | None
) -> Recipe:
    """Make the recipe of the good version, or with all factors of the bad one, with every seed moved on.

    The seed of the split stays: with another one other people would be in the test. `candidate`: only this one is
    trained, beside the rule; None: all are.
    """
    recipe = make_whole_recipe(sides, factors) if factors else make_recipe(sides, ())
    params = deepcopy((sides.head if factors else sides.base).params)
    for keys in list(list_seeds(params)):
        if keys[0] != "split":
            block = read_value(params, keys[:-1])
            block[keys[-1]] = _move_seed(block[keys[-1]], number)
    named = read_value(params, ("train", "candidates"))
    if candidate is not None and isinstance(named, list):
        params["train"]["candidates"] = [one for one in named if one in (HEURISTIC, candidate)]
    side = "bad" if factors else "good"
    return recipe._replace(name=f"the {side} version with other seeds, run {number}", params=write_params(params))


def _move_seed(seed: Any, number: int) -> Any:
    return seed + number if isinstance(seed, int) else f"{seed}-{number}"


def _merge(sides: Sides[Revision], blocks: set[str]) -> str | None:
    """Write params.yaml with some blocks of the bad version; None where there are none."""
    if not blocks:
        return None
    before = sides.base.params
    after = keep_seeds(sides.head.params, before)
    names = dict.fromkeys([*before, *after])
    taken = {name: after if name in blocks else before for name in names}
    merged = {name: source[name] for name, source in taken.items() if name in source}
    return sides.head.read_text("params.yaml") if merged == sides.head.params else write_params(merged)


def write_params(params: dict[str, Any]) -> str:
    """Write the text of params.yaml."""
    return yaml.safe_dump(params, sort_keys=False, allow_unicode=True)
