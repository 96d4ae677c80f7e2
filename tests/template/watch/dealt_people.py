"""People whom a split dealt to its arms by chance, with known shares of approvals."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import numpy as np

from credit.contract.columns import Column
from credit.registry.challenges import SplitPlan
from watch.challenge.dealing import DealtApplication
from watch.groups import WatchedGroups, list_watched_groups

MOMENT = datetime(2026, 3, 1, tzinfo=UTC)
Chances = Mapping[str, tuple[float, float]]
"""By race the chance to be approved, in the champion's arm and in the challenger's."""


def make_plan(share: float = 0.5, alpha: float = 0.05, breach_alpha: float = 0.01) -> SplitPlan:
    return SplitPlan(share=share, until=MOMENT, difference=0.1, alpha=alpha, limit=0.8, breach_alpha=breach_alpha)


def make_groups() -> WatchedGroups:
    content = {"type": "category", "role": "protected", "allowed": ["white", "Black"], "reference": "white"}
    column = Column.model_validate(content | {"description": "d"})
    return list_watched_groups({"race": column}, {"race": ["white", "Black"]})


def deal(
    rng: np.random.Generator,
    number: int,
    share: float,
    chances: Chances,
    drift: Callable[[float], float] = lambda _: 1.0,
    share_of_group: float | None = None,
) -> list[DealtApplication]:
    """Deal people, one a minute. `drift`: what chances are multiplied by, as time goes from 0 to 1.

    `share_of_group`: of the last group, where there are two; None: each is as likely.
    """
    likely = None if share_of_group is None else [1 - share_of_group, share_of_group]
    races = rng.choice(list(chances), number, p=likely)
    dealt, luck = rng.random(number) < share, rng.random(number)
    found = [DealtApplication(MOMENT, True, True, "{}")]  # from here on it is known to deal
    for place in range(number):
        chance = chances[races[place]][int(dealt[place])] * drift(place / number)
        text = f'{{"race": "{races[place]}"}}'
        moment = MOMENT + timedelta(minutes=place)
        found.append(DealtApplication(moment, bool(dealt[place]), bool(luck[place] < chance), text))
    return found
