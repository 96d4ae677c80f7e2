"""The parts of the running service that the routes share, and their problems."""

from dataclasses import dataclass

from credit.decision_log.integrity.checkpointing import CheckpointThread
from credit.decision_log.log import DecisionLog
from credit.decision_log.months.thread import WEAKNESS
from credit.registry.challenges import Challenge
from credit.scoring.reasons import DecidedBy
from service.access.key_file import KeyFileWatch
from service.api.log.causes import describe_cause
from service.challenge.dealing import Dealer
from service.deciding.decider import Decider
from service.engine.follower import Follower
from service.settings import Settings
from service.shadow.shadows import Shadows


@dataclass(frozen=True)
class Parts:
    """The parts of the running service."""

    settings: Settings
    follower: Follower
    decider: Decider
    log: DecisionLog
    checkpoints: CheckpointThread
    keys: KeyFileWatch
    shadows: Shadows
    dealer: Dealer


def find_challenge(parts: Parts) -> Challenge | None:
    """Find the challenge that is on here, a shadow or a split; None without one."""
    return parts.dealer.challenge or parts.shadows.challenge


def find_challenger_problem(parts: Parts) -> str | None:
    """Find what is wrong with the challenger, in words that name no path; None when nothing is known to be."""
    if parts.shadows.problem is not None or parts.dealer.challenge is None:
        return parts.shadows.problem
    if (rest := parts.dealer.explain_rest(parts.follower.serving)) is not None:
        return rest if rest == parts.dealer.load_problem else None
    found = parts.decider.list_challenger_problems()
    return f"of the challenger {parts.dealer.challenge.version}, {'; '.join(found)}" if found else None


def find_decider(parts: Parts) -> DecidedBy | None:
    """Find who decides single applications now; None: nobody."""
    serving = parts.follower.serving
    return None if serving is None else parts.decider.live.find_decider(serving)


def collect_problems(parts: Parts) -> dict[str, str]:
    """Collect the problems by kind, in words that name no path."""
    problems = parts.follower.problems | parts.decider.live.list_problems()
    if "synchronous_commit" in parts.log.database.weaknesses:
        problems["commit"] = (
            "synchronous_commit is off in the database of the decision log; this service turns it on for itself"
        )
    if (stray := parts.log.database.weaknesses.get(WEAKNESS)) is not None:
        problems["months"] = stray
    if (challenger := find_challenger_problem(parts)) is not None:
        problems["challenger"] = challenger
    if parts.keys.problem is not None:
        problems["keys"] = parts.keys.problem
    log = parts.log
    if log.database.file.is_lost():
        problems["log"] = "the file of the decision log was removed or replaced; decisions go to the spool"
    elif log.refusal is not None:
        database, spool = log.refusal
        causes = f"{describe_cause(database)} and {describe_cause(spool, 'the spool')}"
        problems["unrecorded"] = f"no decision can be recorded, and so none is made: {causes}"
    elif log.problem is not None:
        problems["log"] = f"{describe_cause(log.problem)}; decisions go to the spool"
    if log.spool_problem is not None:
        cause = describe_cause(log.spool_problem, "the spool")
        problems["spool"] = f"{cause}: decisions that the database does not take would be refused"
    if parts.checkpoints.problem is not None and "store" not in problems:
        problems["checkpoint"] = "the store takes no checkpoint of the decision log; may the service write below log/?"
    return problems
