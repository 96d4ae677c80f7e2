"""Judge the challenge that is on, a shadow or a split, and tell it to people and programs."""

from typing import Any, NamedTuple

from credit.decision_log.database import Database
from credit.registry.store import Store
from release.challenge.admission import find_ended_split, require_challenge
from release.challenge.shadow_judgement import judge_shadow
from release.challenge.shadow_wording import describe_shadow, dump_shadow
from release.challenge.split_judgement import judge_split
from release.challenge.split_wording import describe_split, dump_split
from release.watching.settings import Settings


class LiveVerdict(NamedTuple):
    """A judgement in a word, in lines for people, and as JSON."""

    word: str
    lines: list[str]
    content: dict[str, Any]


def judge_live(store: Store, databases: list[Database], settings: Settings) -> LiveVerdict:
    """Judge the challenge of an environment, or the split that was ended last, where no other challenge came since.

    `databases`: of the log, the last one is that in which all ends up. Raises CreditError when there is none, or log or
    store are away.
    """
    ended = find_ended_split(store, settings.environment)
    challenge, end = ended or (require_challenge(store, settings.environment), None)
    if challenge.kind == "split":
        split = judge_split(store, databases[-1], challenge, end)
        return LiveVerdict(split.word, describe_split(split), dump_split(split))
    found = judge_shadow(store, databases[-1], settings, challenge)
    return LiveVerdict(found.word, describe_shadow(found), dump_shadow(found))
