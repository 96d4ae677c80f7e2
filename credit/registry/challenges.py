"""Challenges: a version that decides beside the live one, for nobody or for a share of the applicants.

Objects beside the ledger, which never change.
"""

import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from typing import ClassVar, Literal, Self
from uuid import uuid4

from pydantic import AwareDatetime, Field, model_validator

from credit.common.errors import CreditError, Problem
from credit.common.invalid_values import make_value_error
from credit.contract.frozen_model import FrozenModel
from credit.registry.records import OneLineText, StoreRecord
from credit.registry.store import Store

ChallengeKind = Literal["shadow", "split", "end"]

LARGEST_SHARE = 0.5
"""Of a split: the live version decides about most."""


class SplitPlan(FrozenModel):
    """What is fixed before a split begins, so that nobody chooses it by what they saw.

    `share`: of the applicants, whom the challenger decides about, until the moment `until`. `difference`: the share of
    approvals, more or fewer, that is to be seen. `alpha`: how likely a difference may be seen that is none.
    `limit`: of the adverse impact ratio, below which the challenger may not treat a group; `breach_alpha`: how likely
    it may be called below it without being so.
    """

    share: float = Field(gt=0, le=LARGEST_SHARE)
    until: AwareDatetime
    difference: float = Field(gt=0, lt=1)
    alpha: float = Field(gt=0, lt=1)
    limit: float = Field(gt=0)
    breach_alpha: float = Field(gt=0, lt=1)


class Challenge(StoreRecord):
    """The begin of a challenge, or its end: the newest record counts. `entry`: of the ledger, live at that time.

    `shadow`: the challenger decides for nobody; `split`: for a share of the applicants, as its plan says, as long as
    that entry is live. `needed`: applications that it takes, as foretold at its begin; None where that was not known.
    """

    NEWEST_FORMAT: ClassVar[int] = 2
    """1: without splits."""

    environment: str
    number: int = Field(ge=1)
    kind: ChallengeKind
    version: str
    digest: str
    entry: int = Field(ge=1)
    reason: OneLineText
    actor: OneLineText
    time: AwareDatetime
    needed: int | None = Field(None, ge=1)
    plan: SplitPlan | None = None
    previous: str | None = None  # SHA-256 of the record before it, byte by byte as it lies in the store
    id: str = Field(default_factory=lambda: uuid4().hex)  # of this attempt, so that a lost answer is recognised

    @model_validator(mode="after")
    def _require_plan_of_split(self) -> Self:
        if (self.kind == "split") != (self.plan is not None):
            found = f"a {self.kind} {'without' if self.plan is None else 'with'} a plan"
            raise make_value_error(found, "a plan of a split, and of nothing else")
        return self

    @property
    def is_begin(self) -> bool:
        """Tell whether it begins a challenge, and is not an end."""
        return self.kind != "end"


class ChallengeConflictError(CreditError):
    """Raised when another command has begun or ended a challenge first."""


class Challenges:
    """The challenges of one environment in a store."""

    def __init__(self, store: Store, environment: str) -> None:
        self.store, self.environment = store, environment

    def find_last_number(self) -> int:
        """Find the number of the newest record, valid or not; 0 without one."""
        _, names = self.store.list_children(f"challenges/{self.environment}")
        stems = (name.removesuffix(".json") for name in names)
        return max((int(stem) for stem in stems if stem.isascii() and stem.isdecimal()), default=0)

    def read_newest(self) -> Challenge | None:
        """Read the newest record; None when there was never a challenge. Raises CreditError when it is not valid."""
        number = self.find_last_number()
        return self.read(number) if number else None

    def read_current(self) -> Challenge | None:
        """Read the challenge that is on; None when none is. Raises CreditError when the newest record is not valid."""
        newest = self.read_newest()
        return newest if newest is not None and newest.is_begin else None

    def read_all(self) -> list[Challenge]:
        """Read every record, the oldest first. Raises CreditError when one is not valid."""
        return [self.read(number) for number in range(1, self.find_last_number() + 1)]

    def read(self, number: int) -> Challenge:
        """Read one record. Raises CreditError when it does not exist or is not valid."""
        found = self.find(number)
        if found is None:
            raise CreditError(Problem(self._build_url(number), "no such challenge"))
        return found

    def find(self, number: int) -> Challenge | None:
        """Find one record; None when it does not exist yet. Raises CreditError when it is not valid."""
        content = self.read_content(number)
        return None if content is None else self.parse(number, content)

    def find_last_valid(self) -> Challenge | None:
        """Find the newest record that is valid; None without one. Raises CreditError when the store does not answer."""
        for number in range(self.find_last_number(), 0, -1):
            content = self.read_content(number) or b""
            with suppress(CreditError):
                return self.parse(number, content)
        return None

    def read_content(self, number: int) -> bytes | None:
        """Read the bytes of a record, valid or not; None when there is none."""
        return self.store.read(self._build_key(number))

    def parse(self, number: int, content: bytes) -> Challenge:
        """Parse the record of a number. Raises CreditError when it is not valid, or another one."""
        where, fix = self._build_url(number), "release challenge --end leaves it behind"
        found = Challenge.parse(content, where, fix)
        if (found.environment, found.number) != (self.environment, number):
            named = f"challenge {found.number} of {found.environment}"
            raise CreditError(Problem(where, named, f"challenge {number} of {self.environment}", fix))
        return found

    def append(
        self,
        kind: ChallengeKind,
        of: tuple[str, str],
        entry: int,
        reason: str,
        actor: str,
        after: int | None = None,
        needed: int | None = None,
        plan: SplitPlan | None = None,
    ) -> Challenge:
        """Put the next record, of a version and its digest, after the one numbered `after`, by default the newest.

        `plan`: of a split, which only code that knows splits reads.

        Raises ChallengeConflictError when another command was first.
        """
        last = self.find_last_number() if after is None else after
        before = self.read_content(last) if last else None
        made = Challenge(
            format=1 if plan is None else 2,
            environment=self.environment,
            number=last + 1,
            kind=kind,
            version=of[0],
            digest=of[1],
            entry=entry,
            reason=reason,
            actor=actor,
            time=datetime.now(UTC),
            needed=needed,
            plan=plan,
            previous=hashlib.sha256(before).hexdigest() if before else None,
        )
        if self.store.create(self._build_key(made.number), made.serialize()):
            return made
        other = self.read(made.number)
        what = "began a challenge by" if other.is_begin else "ended the challenge by"
        found = f"{other.actor} {what} {other.version} first, record {other.number}"
        fix = "nothing was changed; see release status, and run the command again if it is still needed"
        raise ChallengeConflictError(Problem(f"environment {self.environment}", found, fix=fix))

    def _build_key(self, number: int) -> str:
        return f"challenges/{self.environment}/{number:09d}.json"

    def _build_url(self, number: int) -> str:
        return f"{self.store.url}/{self._build_key(number)}"
