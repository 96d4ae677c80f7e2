"""What the store says of a challenge is followed to its end, also by a service that cannot read it at each moment."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from credit.common.errors import CreditError, Problem
from credit.decision_log.log import DecisionLog
from credit.registry.challenges import Challenge, ChallengeKind, Challenges
from credit.registry.store import Store
from service.challenge import following
from service.challenge.dealing import Dealer
from service.challenge.following import ChallengeFollower
from service.shadow.challenger import Challenger, ChallengerError
from service.shadow.shadows import Shadows


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
        live = SimpleNamespace(serving=None)
        super().__init__(lambda: settings, shadows, Dealer(), live, lambda: None)  # type: ignore[arg-type,return-value]

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
    Challenges(store, "prod").append(kind, (version, "a" * 64), 1, "a test", "tester")


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
