"""Read how an environment is watched, from the blocks `watch` and `fairness` of params.yaml."""

from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.common.params import read_params
from credit.fairness.policies import Fairness
from watch.params import WatchParams
from watch.streams import Judging


class Settings(NamedTuple):
    """How an environment is watched. `interval_alpha`: of the intervals of ratios."""

    environment: str
    params: WatchParams
    judging: Judging
    interval_alpha: float


def read_settings(environment: str) -> Settings:
    """Read how an environment is watched from params.yaml. Raises CreditError when no limit is there."""
    params, fairness = read_params(WatchParams, "watch"), read_params(Fairness, "fairness")
    limit = params.at_least
    if limit is None:
        of_policy = fairness.chosen_policy.limits.get("adverse_impact_ratio")
        limit = of_policy.at_least if of_policy else None
    if limit is None or limit <= 0:
        found = f"null, and the policy {fairness.policy} has no adverse_impact_ratio with at_least above 0"
        raise CreditError(Problem("params.yaml: watch.at_least", found, "a limit of the ratio, such as 0.8"))
    judging = Judging(limit, params.alpha, params.horizon_days, params.failing_budget)
    return Settings(environment, params, judging, 1 - fairness.report_level)
