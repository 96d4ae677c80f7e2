"""What the store says of a challenge is followed to its end, also by a service that cannot read it at each moment."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from credit.common.errors import CreditError, Problem
from credit.decision_log.log import DecisionLog
from credit.registry.challenges import Challenge, ChallengeKind, Challenges, SplitPlan
from credit.registry.store import Store
from service.challenge import following
from service.challenge.dealing import Dealer
from service.challenge.following import ChallengeFollower
from service.shadow.challenger import Challenger, ChallengerError
from service.shadow.shadows import Shadows

LIVE = SimpleNamespace(number=1, fallback_reason=None, requests=object())


class LoadedChallenger(Challenger):
    """A challenger without a process."""

    def __init__(self, challenge: Challenge) -> None:
        self.challenge = challenge

    def close(self) -> None:
        pass


class SteppedFollower(ChallengeFollower):
    """A follower that looks when it is told to. `failures`: what its next loads fail by."""

    def __init__(self, shadows: Shadows) -> None:
        self.failures: list[Exception] = []
        settings = SimpleNamespace(environment="prod", poll_seconds=1)
        live = SimpleNamespace(serving=LIVE, accept_others=lambda version: version)
        super().__init__(lambda: settings, shadows, Dealer(), live, lambda: None)  # type: ignore[arg-type,return-value]

    @property
    def dealer(self) -> Dealer:
        return self._dealer

    def try_to_look(self) -> None:
        self._try_to_look()

    def _run(self) -> None:
        pass

    def _load(self, store: Store, challenge: Challenge) -> Challenger:
        if self.failures:
            raise self.failures.pop()
        return LoadedChallenger(challenge)

    def look(self) -> None:
        self._look()


class PartlyAwayStore(Store):
    """A store that answers some reads, then some no more."""

    answers, failures = 0, 0

    def read(self, key: str) -> bytes | None:
        if self.answers:
            self.answers -= 1
        elif self.failures:
            self.failures -= 1
            raise CreditError(Problem("the store", "no answer within 2 s"))
        return super().read(key)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PartlyAwayStore:
    made = PartlyAwayStore(str(tmp_path / "store"))
    monkeypatch.setattr(following, "open_store", lambda **_: made)
    return made


@pytest.fixture
def shadows(tmp_path: Path) -> Iterator[Shadows]:
    log = DecisionLog(f"sqlite:///{tmp_path}/decisions.db", tmp_path)
    made = Shadows(log, lambda *_: None)
    yield made
    made.close()
    log.close()


def append(store: PartlyAwayStore, kind: ChallengeKind, version: str = "v2.0.0") -> None:
    until = datetime.now(UTC) + timedelta(days=1)
    plan = SplitPlan(share=0.5, until=until, difference=0.02, alpha=0.05, limit=0.8, breach_alpha=0.01)
    of = (version, "a" * 64)
    Challenges(store, "prod").append(kind, of, 1, "a test", "tester", plan=plan if kind == "split" else None)


def name_challenger(shadows: Shadows) -> str | None:
    return shadows.challenger.challenge.version if shadows.challenger else None


@pytest.mark.parametrize(("kind", "expected"), [("end", None), ("shadow", "v3.0.0")])
def test_a_record_is_followed_though_the_read_after_it_fails(
    store: PartlyAwayStore, shadows: Shadows, kind: ChallengeKind, expected: str | None
) -> None:
    append(store, "shadow")
    follower = SteppedFollower(shadows)
    follower.look()
    assert name_challenger(shadows) == "v2.0.0"
    append(store, kind, "v3.0.0")
    store.answers, store.failures = 1, 1
    with pytest.raises(CreditError, match="no answer"):
        follower.look()
    assert store.failures == 0, "the read of the record after it failed"
    follower.look()
    assert name_challenger(shadows) == expected


def test_an_end_is_followed_at_once_though_a_load_failed_just_before(store: PartlyAwayStore, shadows: Shadows) -> None:
    """A load is tried again after some seconds; what is new in the store does not wait for them."""
    append(store, "shadow")
    follower = SteppedFollower(shadows)
    follower.failures = [ChallengerError("its process ended before it was ready")]
    follower.look()
    assert shadows.problem == "the challenger v2.0.0 cannot be loaded; nobody is decided by it"
    append(store, "end")
    follower.look()
    assert (shadows.challenger, shadows.problem) == (None, None)


def test_of_several_new_records_the_newest_counts_and_one_that_is_not_valid_ends_the_challenge(
    store: PartlyAwayStore, shadows: Shadows
) -> None:
    append(store, "shadow")
    follower = SteppedFollower(shadows)
    follower.look()
    append(store, "end")
    append(store, "shadow", "v3.0.0")
    follower.look()
    assert name_challenger(shadows) == "v3.0.0"
    assert store.create("challenges/prod/000000004.json", b"{}")
    follower.look()
    assert shadows.problem == "record 4 of the challenges is not valid; nobody decides beside"
    follower.look()
    assert name_challenger(shadows) is None


def test_a_challenge_of_newer_code_lets_nobody_decide_beside_and_the_next_record_is_followed(
    store: PartlyAwayStore, shadows: Shadows
) -> None:
    """Whatever a challenger may do by its record, here the champion alone decides; the service says that one is on."""
    follower = SteppedFollower(shadows)
    append(store, "shadow")
    follower.look()
    assert store.create("challenges/prod/000000002.json", b'{"format": 3, "kind": "other", "share": 0.1}')
    follower.look()
    assert (shadows.challenger, shadows.challenge) == (None, None)
    assert shadows.problem == "record 2 of the challenges is not valid; nobody decides beside"
    append(store, "end")
    follower.look()
    assert (shadows.challenger, shadows.problem) == (None, None)


def load_splits(monkeypatch: pytest.MonkeyPatch, load: Callable[[Challenge], Any]) -> None:
    monkeypatch.setattr(following, "load_challenger", lambda _, challenge, __: load(challenge))


def test_a_split_is_taken_up_and_let_go_and_a_shadow_takes_its_place(
    store: PartlyAwayStore, shadows: Shadows, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_splits(monkeypatch, lambda challenge: challenge.version)
    follower = SteppedFollower(shadows)
    append(store, "shadow", "v2.0.0")
    follower.look()
    append(store, "end")
    append(store, "split", "v3.0.0")
    follower.look()
    assert (shadows.challenger, follower.dealer.challenger) == (None, "v3.0.0")
    append(store, "end", "v3.0.0")
    append(store, "shadow", "v2.0.0")
    follower.look()
    assert (name_challenger(shadows), follower.dealer.challenger, follower.dealer.challenge) == ("v2.0.0", None, None)
    append(store, "split", "v3.0.0")
    follower.look()
    assert store.create("challenges/prod/000000007.json", b"{}")
    follower.look()
    assert (follower.dealer.challenger, follower.dealer.challenge) == (None, None)


@pytest.mark.parametrize("error", [ValueError("what nobody expects"), CreditError(Problem("the bundle", "damaged"))])
def test_nobody_is_dealt_to_a_challenger_whose_split_is_ended_while_the_next_one_loads_or_cannot_be_loaded(
    store: PartlyAwayStore, shadows: Shadows, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    follower = SteppedFollower(shadows)

    def load(challenge: Challenge) -> str:
        assert follower.dealer.challenger is None
        if challenge.version == "v3.0.0":
            raise error
        return challenge.version

    load_splits(monkeypatch, load)
    append(store, "split")
    follower.look()
    assert follower.dealer.challenger == "v2.0.0"
    append(store, "end")
    append(store, "split", "v3.0.0")
    follower.look()
    assert (follower.dealer.challenger, follower.dealer.load_problem) == (
        None,
        "the challenger v3.0.0 cannot be loaded; nobody is decided by it",
    )


def test_while_the_store_may_say_that_a_split_is_ended_and_is_not_heard_nobody_is_dealt(
    store: PartlyAwayStore, shadows: Shadows, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_splits(monkeypatch, lambda challenge: challenge.version)
    follower = SteppedFollower(shadows)
    append(store, "split")
    follower.try_to_look()
    assert follower.dealer.explain_rest(LIVE) is None  # type: ignore[arg-type]
    store.failures = 1
    follower.try_to_look()
    assert follower.dealer.explain_rest(LIVE) is None, "a moment is no reason"  # type: ignore[arg-type]
    monkeypatch.setattr(following, "AWAY_SECONDS", -1.0)
    store.failures = 1
    follower.try_to_look()
    assert follower.dealer.explain_rest(LIVE) == "the store does not answer, and may have its end"  # type: ignore[arg-type]
    follower.try_to_look()
    assert follower.dealer.explain_rest(LIVE) is None  # type: ignore[arg-type]
