"""A change of what decides in an environment: its author, its target, its condition, and the entry that makes it."""

from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import parse_version

FALLBACK_TARGET = "rule"
"""What `--to` takes besides a version: the rule beside the model decides."""

PREVIOUS_TARGET = "previous"
"""What it takes for the version before, which is what it does without a name."""


class Attribution(NamedTuple):
    """The author of a change, and the reason. `tag`: the git tag that it follows, if one came first.

    `approver`: a second person, None where nobody was asked.
    """

    reason: str
    actor: str
    tag: str | None = None
    approver: str | None = None


class Target(NamedTuple):
    """A version by its digest. `back`: the number of the entry that a rollback returns to."""

    version: str
    digest: str
    back: int | None


class Condition(NamedTuple):
    """What must hold for a change to be made.

    `current`: the version, `rule`, or the number of the entry that must be live, for --from; None: any. `after_rule`:
    whether the kill switch may be lifted.
    """

    current: str | None = None
    after_rule: bool = False


ANY = Condition()


class Change(NamedTuple):
    """A planned change: `entry` is to follow `before`; None when the environment is already as it should be.

    `notes`: lines for people, such as of a version that was passed over.
    """

    environment: str
    before: LedgerEntry | None
    entry: LedgerEntry | None
    notes: tuple[str, ...] = ()

    @property
    def is_deployment(self) -> bool:
        """Whether a version goes live that was not live there before."""
        return self.entry is not None and self.entry.kind == "deploy"

    @property
    def resulting_entry(self) -> LedgerEntry:
        """The newest entry once the change is made."""
        entry = self.entry or self.before
        if entry is None:
            raise ValueError("a change from nothing to nothing")
        return entry


def parse_target(text: str) -> str:
    """Parse what a rollback returns to as people type it: `Rule` and `previous ` are words like `rule`."""
    word = text.strip()
    return word.lower() if word.lower() in (FALLBACK_TARGET, PREVIOUS_TARGET) else word


def check_condition(ledger: Ledger, last: LedgerEntry | None, when: Condition) -> None:
    """Compare the newest entry with the one that a change is for. Raises CreditError when it is another one."""
    now = "nothing" if last is None else f"{describe_decider(last)} by entry {last.number}, {last.actor}: {last.reason}"
    where = f"environment {ledger.environment}"
    if when.current is not None and (last is None or not _is_named(last, when.current)):
        fix = "nothing was changed; release status says what is live"
        raise CreditError(Problem(where, now, f"{when.current}, as --from says", fix))
    if last is not None and last.kind == "fallback" and not when.after_rule:
        fix = "if whoever pulled it agrees, the same command with --after-rule puts a model back"
        raise CreditError(Problem(where, f"the kill switch is pulled ({now})", fix=fix))


def describe_decider(entry: LedgerEntry) -> str:
    """Name what decides by an entry: its version, or the rule beside it."""
    return f"the {FALLBACK_TARGET} of {entry.version}" if entry.kind == "fallback" else entry.version


def _is_named(last: LedgerEntry, name: str) -> bool:
    """Tell whether an entry is the one that --from names: by its number, by `rule`, or by its version."""
    name = parse_target(name)
    if name.isdecimal():
        return last.number == int(name)
    if name == FALLBACK_TARGET or last.kind == "fallback":
        return name == FALLBACK_TARGET and last.kind == "fallback"
    return parse_version(name) == parse_version(last.version)
