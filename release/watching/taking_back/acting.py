"""Take a version back, or say why not: once per version, never forward, never while somebody holds it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database
from credit.registry import versions
from credit.registry.holds import read_hold
from credit.registry.ledger import WATCH_ACTOR, Ledger, LedgerConflictError, LedgerEntry
from credit.registry.store import Store
from release.deployment.change import FALLBACK_TARGET, Attribution, Change, Condition
from release.deployment.plan import plan_fallback, plan_rollback_to
from release.deployment.quarantine import Quarantine
from release.deployment.rollout import Rollout, roll_out
from release.repository.witness import list_withdrawn
from release.watching.failing.blame import find_failed
from release.watching.failing.trial import try_for_failing
from release.watching.failing.wording import word_failing_reason
from release.watching.taking_back.target import Question, Trial, list_candidates, try_candidates
from release.watching.wording import word_reason
from watch.failures import FailureFinding

SERVICE_SECONDS = 30.0
"""How long the services may take to follow before it is told that they are late; the entry stands."""


class Action(NamedTuple):
    """The answer to an alarm. `rollout`: None when nothing was taken back, and `why_not` says why.

    `obstacles`: damaged or out of reach meanwhile, so that nothing can be concluded.
    """

    rollout: Rollout | None
    trials: list[Trial]
    why_not: str
    obstacles: tuple[str, ...] = ()

    @property
    def has_target(self) -> bool:
        """Tell whether somebody was found who decides better, whether or not the entry was written."""
        return bool(self.trials) and not self.trials[-1].why_not


class _PreventedError(CreditError):
    """Raised when something came to prevent the entry that was about to be written."""


def describe_answer(action: Action | None) -> str:
    """Describe the answer to an alarm."""
    if action and action.rollout:
        return f"taken back: entry {action.rollout.current.number}"
    return f"not taken back: {action.why_not}" if action else "not taken back"


def find_reason_not_to_act(store: Store, question: Question, obstacles: Sequence[str], now: datetime) -> str:
    """Find why nothing is taken back, whatever it could be taken back to; empty when nothing prevents it."""
    live, params, environment = question.live, question.params, question.environment
    if obstacles:
        return f"inconclusive: {'; '.join(obstacles)}"
    if live.kind == "fallback":
        return "the rule decides already"
    if not params.acts:
        return "watch.acts is false in params.yaml"
    if hold := read_hold(store, environment):
        return f"{hold.actor} holds {environment}: {hold.reason}"
    quarantine = Quarantine(Ledger(store, environment))
    if before := quarantine.digests.get(live.digest):
        return f"{live.version} was taken back before, by entry {before.number}, and put there again by a person"
    if recent := quarantine.find_recent_action(now, params.pause_days):
        return f"entry {recent.number} took a version back less than {params.pause_days:g} days ago"
    return ""


def take_back(
    store: Store,
    database: Database,
    question: Question,
    find_reason: Callable[[], str],
    failing: FailureFinding | None = None,
) -> Action:
    """Try candidates on the same applicants, and return to the first one that is better by paired evidence.

    Of two watches at once, or a watch and a person, the one that comes second writes nothing. `find_reason`: finds why
    nothing may be taken back, empty without one; called right before the entry is written, since trials take minutes.
    `failing`: the model fails, and it is not about groups.
    Raises CreditError when store or log are out of reach.
    """
    ledger = Ledger(store, question.environment)
    candidates = list_candidates(ledger, question.live, list_withdrawn(), Quarantine(ledger).digests)
    if failing is None:
        trials = try_candidates(store, database, question, candidates)
    else:
        people = find_failed(store, database, question, failing, candidates)
        if people.doubt:
            return Action(None, [], people.doubt)
        trials = try_for_failing(store, people, question, failing.budget, candidates)
    if not trials or trials[-1].why_not:
        return Action(None, trials, "no version and no rule is better by paired evidence")
    version, params = question.live.version, question.params
    if failing is None:
        reason = word_reason(version, question.alarms, trials, params, question.judging)
    else:
        reason = word_failing_reason(version, failing, trials, params)
    try:
        change = _plan(store, ledger, question.live, trials[-1].name, reason)
        check = partial(_check_again, ledger, question.live, find_reason)
        made = roll_out(store, change, SERVICE_SECONDS, push=False, revert=False, insists=False, check=check)
        return Action(made, trials, "")
    except (LedgerConflictError, _PreventedError) as error:
        return Action(None, trials, f"{error.problems[0].found}")
    except CreditError as error:
        if ledger.find_last_number() != question.live.number:
            return Action(None, trials, f"the environment was changed meanwhile: {error.problems[0].found}")
        raise


def _check_again(ledger: Ledger, live: LedgerEntry, find_reason: Callable[[], str]) -> None:
    """Raise _PreventedError for a hold, say, that came meanwhile. Who wrote an entry first is told by the ledger."""
    why_not = find_reason()
    if why_not and ledger.find_last_number() == live.number:
        raise _PreventedError(Problem(f"environment {ledger.environment}", why_not))


def _plan(store: Store, ledger: Ledger, live: LedgerEntry, target: str, reason: str) -> Change:
    """Plan the entry, for the case that the judged one is the newest still."""
    by, when = Attribution(reason, WATCH_ACTOR), Condition(str(live.number))
    if target == FALLBACK_TARGET:
        return plan_fallback(ledger, by, when)
    return plan_rollback_to(ledger, versions.require_version(store, target), by, when)
