"""Inside a block of parameters: each changed one alone."""

from copy import deepcopy
from typing import Any

import yaml

from release.blame.hybrids.factors import SEEDS, Factor
from release.blame.hybrids.recipes import Recipe
from release.compare.sides import Sides

MOST_PARAMS = 6
"""Parameters of a block that are run one by one."""

_ABSENT = object()


def list_param_recipes(params: Sides[dict[str, Any]], factor: Factor) -> list[Recipe]:
    """Make a recipe for each changed parameter of a factor alone; none where there is only one, or are too many."""
    leaves = [leaf for block in factor.blocks for leaf in _list_changed((block,), *params.map(_get(block)))]
    if not 1 < len(leaves) <= MOST_PARAMS:
        return []
    return [_make(params, leaf) for leaf in leaves]


def _get(block: str) -> Any:
    return lambda params: params.get(block, _ABSENT)


def _list_changed(keys: tuple[str, ...], before: Any, after: Any) -> list[tuple[str, ...]]:
    """List the changed values below a key, without seeds; an absent key is one."""
    if isinstance(before, dict) and isinstance(after, dict):
        names = dict.fromkeys([*before, *after])
        parts = [(name, before.get(name, _ABSENT), after.get(name, _ABSENT)) for name in names if name not in SEEDS]
        return [leaf for name, old, new in parts for leaf in _list_changed((*keys, str(name)), old, new)]
    return [keys] if before is not after and before != after else []


def _make(params: Sides[dict[str, Any]], keys: tuple[str, ...]) -> Recipe:
    made, *above = deepcopy(params.base), *keys[:-1]
    value: Any = params.head
    at: Any = made
    for key in above:
        at, value = at[key], value[key]
    if keys[-1] in value:
        at[keys[-1]] = value[keys[-1]]
    else:
        del at[keys[-1]]
    text = yaml.safe_dump(made, sort_keys=False, allow_unicode=True)
    return Recipe(".".join(keys), frozenset(), (), text)
