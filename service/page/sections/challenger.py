"""Who decides beside, for nobody or about a share: since when, what became of whom, and how many it takes still."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from credit.common.dates import DisplayTime, describe_time
from credit.registry.challenges import Challenge, SplitPlan
from service.challenge.dealing import ARMS, Arm
from service.page.section import MOST_COUNTED, PageSection, SectionContent, SectionSource
from service.shadow.shadows import OUTCOMES

_ARMS_SHOWN: dict[Arm, str] = {"live": "dealt to the live version", "challenger": "dealt to the challenger"}


class ChallengerShown(NamedTuple):
    """The values of the template. `takes`: how many applications it takes, and how many of them still."""

    headline: str
    since: DisplayTime | None
    counts: Mapping[str, int]
    takes: str


def describe(source: SectionSource) -> SectionContent | None:
    """Describe the challenge that is on; None without one. The head of the page has its problem."""
    shadows, dealer = source.parts.shadows, source.parts.dealer
    if dealer.challenge is not None and dealer.challenge.plan is not None:
        rest = dealer.explain_rest(source.serving)
        dealt = {_ARMS_SHOWN[arm]: dealer.counts[arm] for arm in ARMS}
        return SectionContent(describe_split(dealer.challenge, dealer.challenge.plan, rest, dealt, source.now))
    if shadows.challenge is None and shadows.load_problem is None:
        return None
    counts: dict[str, int] = {outcome: shadows.counts[outcome] for outcome in OUTCOMES}
    decides = shadows.challenger is not None
    return SectionContent(describe_challenge(shadows.challenge, decides, counts, source.shadowed, source.now))


def describe_challenge(
    challenge: Challenge | None, decides: bool, counts: Mapping[str, int], shadowed: int | None, now: datetime
) -> ChallengerShown:
    """Describe a challenge; None: its record is not valid. `shadowed`: its applications in the log."""
    if challenge is None:
        return ChallengerShown("Nobody decides beside: the record of the challenge is not valid", None, counts, "")
    does = "decides beside, for nobody" if decides else "should decide beside, and does not"
    since = describe_time(challenge.time, now)
    return ChallengerShown(f"{challenge.version} {does}", since, counts, _describe_need(challenge.needed, shadowed))


def describe_split(
    challenge: Challenge, plan: SplitPlan, rest: str | None, counts: Mapping[str, int], now: datetime
) -> ChallengerShown:
    """Describe a split. `rest`: why the live version decides about everybody, None: it does not."""
    headline = f"{challenge.version} decides about {plan.share:.1%} of the applicants"
    if rest is not None:
        headline = f"{challenge.version} was to decide about {plan.share:.1%}, and decides about nobody: {rest}; begun"
    takes = "How many applications it takes was not known when it began."
    if challenge.needed is not None:
        takes = f"It takes about {challenge.needed:,} applications: release compare --live counts and judges them."
    end = f"It is over on {describe_time(plan.until, now).text}."
    return ChallengerShown(headline, describe_time(challenge.time, now), counts, f"{end} {takes}")


def _describe_need(needed: int | None, shadowed: int | None) -> str:
    if needed is None:
        return "How many applications it takes was not known when it began."
    said = f"It takes about {needed:,} applications"
    if shadowed is None:
        return f"{said}; how many are in the log is not known."
    if shadowed >= needed:
        return f"{said}, and the log has them: release compare --live tells what they say."
    if shadowed >= MOST_COUNTED:
        return f"{said}; at least {shadowed:,} are in the log: release compare --live counts them all."
    return f"{said}; {needed - shadowed:,} are still needed."


SECTION = PageSection(
    title="The challenger",
    place=45,
    describe=describe,
    template="""
<p class="lead">{{ it.headline }}{% if it.since %}, since {{ m.at(it.since) }}{% endif %}.</p>
<dl class="tiles">
{% for outcome, count in it.counts.items() %}
<div><dt>{{ outcome | sentence }}</dt><dd><b>{{ "{:,}".format(count) }}</b></dd></div>
{% endfor %}
</dl>
<p class="small soft">{{ it.takes }} The counts are of this worker since it started.</p>
""",
)
