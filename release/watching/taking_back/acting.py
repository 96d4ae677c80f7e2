"""Take a version back, or say why not: once per version, never forward, never while somebody holds it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database
from credit.registry import versions
from credit.registry.holds import Hold, read_hold
from credit.registry.ledger import WATCH_ACTOR, Ledger, LedgerConflictError, LedgerEntry
from credit.registry.store import Store
from release.deployment.change import FALLBACK_TARGET, Attribution, Change, Condition
from release.deployment.plan import plan_fallback, plan_rollback_to
from release.deployment.quarantine import Quarantine
from release.deployment.rollout import Rollout, roll_out
from release.oncall.redeciding import LoadDecide, load_here
from release.repository.witness import list_withdrawn
from release.watching.failing.blame import find_failed
from release.watching.failing.trial import try_for_failing
from release.watching.failing.wording import word_failing_reason
from release.watching.taking_back.target import Question, Trial, list_candidates, try_candidates
from release.watching.wording import word_reason
from watch.failures import FailureFinding

SERVICE_SECONDS = 30.0
"""How long the services may take to follow before it is told that they are late; the entry stands."""

_NOBODY = "no version and no rule is better by paired evidence"


class Action(NamedTuple):
    """The answer to an alarm. `rollout`: None when nothing was taken back, and `why_not` says why.

    `obstacles`: damaged or out of reach meanwhile, so that nothing can be concluded. `is_timed`: it rests on how long
    models take on this machine.
    """

    rollout: Rollout | None
    trials: list[Trial]
    why_not: str
    obstacles: tuple[str, ...] = ()
    is_timed: bool = False

    @property
    def is_done(self) -> bool:
        """Tell whether a version was taken back, or would have been by who writes nothing."""
        return not self.why_not

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


class Standing(NamedTuple):
    """What stands against an action at a moment.

    `hold`: that is on. `taken_back`: by digest, how a watch took a bundle back. `recent`: what it did lately, or empty.
    """

    hold: Hold | None
    taken_back: Mapping[str, str]
    recent: str


def read_standing(store: Store, question: Question, now: datetime) -> Standing:
    """Read what stands against an action now. Raises CreditError when the store does not answer."""
    quarantine = Quarantine(Ledger(store, question.environment))
    taken_back = {
        digest: f"was taken back before, by entry {one.number}," for digest, one in quarantine.digests.items()
    }
    recent = quarantine.find_recent_action(now, question.params.pause_days)
    told = f"entry {recent.number} took a version back" if recent else ""
    return Standing(read_hold(store, question.environment), taken_back, told)


def find_reason_not_to_act(question: Question, obstacles: Sequence[str], read: Callable[[], Standing]) -> str:
    """Find why nothing is taken back, whatever it could be taken back to; empty when nothing prevents it.

    `read`: reads what stands against it, where nothing simpler does.
    """
    live, params = question.live, question.params
    if obstacles:
        return f"inconclusive: {'; '.join(obstacles)}"
    if live.kind == "fallback":
        return "the rule decides already"
    if not params.acts:
        return "watch.acts is false in params.yaml"
    standing = read()
    if hold := standing.hold:
        return f"{hold.actor} holds {question.environment}: {hold.reason}"
    if before := standing.taken_back.get(live.digest):
        return f"{live.version} {before} and put there again by a person"
    if standing.recent:
        return f"{standing.recent} less than {params.pause_days:g} days ago"
    return ""


def take_back(
    store: Store,
    database: Database,
    question: Question,
    failing: FailureFinding | None,
    find_reason: Callable[[], str],
) -> Action:
    """Try candidates on the same applicants, and return to the first one that is better by paired evidence.

    Of two watches at once, or a watch and a person, the one that comes second writes nothing. `find_reason`: finds why
    nothing may be taken back, empty without one; called right before the entry is written, since trials take minutes.
    `failing`: the model fails, and it is not about groups.
    Raises CreditError when store or log are out of reach.
    """
    ledger = Ledger(store, question.environment)
    found = find_target(store, database, question, failing, Quarantine(ledger).digests, partial(load_here, store))
    if found.why_not:
        return found
    trials, version, params = found.trials, question.live.version, question.params
    if failing is None:
        reason = word_reason(version, question.alarms, trials, params, question.judging)
    else:
        reason = word_failing_reason(version, failing, trials, params)
    try:
        change = _plan(store, ledger, question.live, trials[-1].name, reason)
        check = partial(_check_again, ledger, question.live, find_reason)
        made = roll_out(store, change, SERVICE_SECONDS, push=False, revert=False, insists=False, check=check)
        return found._replace(rollout=made)
    except (LedgerConflictError, _PreventedError) as error:
        return found._replace(why_not=f"{error.problems[0].found}")
    except CreditError as error:
        if ledger.find_last_number() != question.live.number:
            return found._replace(why_not=f"the environment was changed meanwhile: {error.problems[0]}")
        raise


def find_target(
    store: Store,
    database: Database,
    question: Question,
    failing: FailureFinding | None,
    quarantined: Collection[str],
    load: LoadDecide,
) -> Action:
    """Find whom an entry would be taken back to, or why to nobody; writes nothing.

    `failing`: the model fails, and it is not about groups. `load`: loads who decides again.
    Raises CreditError when store or log are out of reach.
    """
    ledger, is_timed = Ledger(store, question.environment), False
    candidates = list_candidates(ledger, question.live, list_withdrawn(), quarantined)
    if failing is None:
        trials = try_candidates(database, question, candidates, load)
    else:
        people = find_failed(store, database, question, failing, candidates)
        is_timed = people.is_timed
        if people.doubt:
            return Action(None, [], people.doubt, is_timed=is_timed)
        trials = try_for_failing(people, question, failing.budget, candidates, load)
    is_found = bool(trials) and not trials[-1].why_not
    return Action(None, trials, "" if is_found else _NOBODY, is_timed=is_timed)


def _check_again(ledger: Ledger, live: LedgerEntry, find_reason: Callable[[], str]) -> None:
    """Raise _PreventedError for a hold, say, that came meanwhile. Who wrote an entry first is told by the ledger."""
    why_not = find_reason()
    if why_not and ledger.find_last_number() == live.number:
        raise _PreventedError(Problem(f"environment {ledger.environment}", why_not))


def _plan(store: Store, ledger: Ledger, live: LedgerEntry, target: str, reason: str) -> Change:
    """Plan the entry, for the case that the judged one is the newest still.

    Raises CreditError where it is not, or the newest one is not valid.
    """
    ledger.read_newest()  # of an entry that cannot be read nobody knows what it says: a plan passes over it
    by, when = Attribution(reason, WATCH_ACTOR), Condition(str(live.number))
    if target == FALLBACK_TARGET:
        return plan_fallback(ledger, by, when)
    return plan_rollback_to(ledger, versions.require_version(store, target), by, when)
