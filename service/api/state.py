"""What the routes share: the parts of the running service, and what is wrong with them."""

from dataclasses import dataclass

from credit.decision_log.log import DecisionLog
from service.engine.batching import Batcher
from service.engine.follower import Follower
from service.settings import Settings


@dataclass(frozen=True)
class Parts:
    """What the routes use."""

    settings: Settings
    follower: Follower
    decider: Batcher
    log: DecisionLog


def collect_problems(parts: Parts) -> dict[str, str]:
    """What is wrong, by kind, in words that say nothing of paths."""
    problems = dict(parts.follower.problems)
    if parts.log.problem is not None:
        problems["log"] = "the database of the decision log does not answer; decisions go to the spool"
    return problems
