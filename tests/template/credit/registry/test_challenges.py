"""Challenges in the store: one winner in a race, records that never change, and a chain of their hashes."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from credit.common.errors import CreditError
from credit.registry.challenges import Challenge, ChallengeConflictError, Challenges, SplitPlan
from credit.registry.store import Store

OF = ("v2.0.0", "d" * 64)
PLAN = SplitPlan(
    share=0.1, until=datetime(2030, 1, 1, tzinfo=UTC), difference=0.02, alpha=0.05, limit=0.8, breach_alpha=0.01
)


def test_of_many_that_begin_a_challenge_at_once_one_wins_and_the_others_are_told_who(disk: Store) -> None:
    def begin(number: int) -> Challenge | CreditError:
        try:
            return Challenges(disk, "prod").append("shadow", OF, 1, f"reason {number}", f"actor {number}", after=0)
        except ChallengeConflictError as error:
            return error

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(begin, range(16)))
    (winner,) = [one for one in found if isinstance(one, Challenge)]
    lost = [one for one in found if isinstance(one, CreditError)]
    assert len(lost) == 15
    assert all(f"{winner.actor} began a challenge by v2.0.0 first, record 1" in str(one) for one in lost)
    assert Challenges(disk, "prod").read_current() == winner
    assert Challenges(disk, "staging").read_current() is None


def test_an_end_leaves_no_challenge_and_each_record_has_the_hash_of_the_one_before(disk: Store) -> None:
    book = Challenges(disk, "prod")
    first = book.append("shadow", OF, 1, "begin", "somebody")
    assert book.append("end", OF, 1, "enough", "somebody").number == 2
    assert book.read_current() is None
    third = book.append("shadow", OF, 2, "again", "somebody")
    assert [one.kind for one in book.read_all()] == ["shadow", "end", "shadow"]
    content = disk.read("challenges/prod/000000002.json")
    assert content is not None
    assert (first.previous, third.previous) == (None, hashlib.sha256(content).hexdigest())
    assert book.find(4) is None


def test_a_record_that_is_not_valid_or_not_its_own_is_one_line_and_no_challenge(disk: Store) -> None:
    book = Challenges(disk, "prod")
    made = book.append("shadow", OF, 1, "begin", "somebody")
    assert disk.create("challenges/prod/000000002.json", made.serialize())
    with pytest.raises(CreditError, match=r"challenge 1 of prod.*challenge 2 of prod"):
        book.read_current()
    assert book.find_last_valid() == made
    assert book.append("end", OF, 1, "leave it behind", "somebody").number == 3
    assert book.read_current() is None


def test_a_split_has_a_plan_and_a_format_of_its_own_and_a_shadow_is_as_older_code_reads_it(disk: Store) -> None:
    book = Challenges(disk, "prod")
    shadow = book.append("shadow", OF, 1, "begin", "somebody")
    split = book.append("split", OF, 1, "begin", "somebody", plan=PLAN)
    assert (shadow.format, split.format) == (1, 2)
    assert book.read_current() == split
    assert split.plan == PLAN
    assert b"plan" not in shadow.serialize()


@pytest.mark.parametrize(
    ("kind", "changed"), [("split", None), ("shadow", {}), ("split", {"share": 0}), ("split", {"share": 0.51})]
)
def test_a_split_without_a_plan_a_shadow_with_one_and_a_share_beyond_half_are_refused(
    disk: Store, kind: str, changed: dict[str, float] | None
) -> None:
    made = json.loads(Challenges(disk, "prod").append("split", OF, 1, "begin", "somebody", plan=PLAN).serialize())
    plan = {} if changed is None else {"plan": made["plan"] | changed}
    content = json.dumps({name: value for name, value in made.items() if name != "plan"} | {"kind": kind} | plan)
    with pytest.raises(CreditError, match="here"):
        Challenge.parse(content.encode(), "here")
