"""Put the judgement of a split into words, and as JSON. Of small groups no figures."""

from datetime import UTC
from typing import Any

from release.challenge.split_judgement import SplitJudgement
from release.challenge.wording import TOO_FEW, describe_judgement, dump_judgement
from watch.challenge.arms import Arm, Arms


def describe_split(found: SplitJudgement) -> list[str]:
    """Describe a judgement; of groups, those that somebody is of."""
    challenge, plan, one = found.challenge, found.plan, found.finding
    headline = (
        f"{challenge.environment}: {challenge.version} decides beside {found.champion.version}, {found.word}; "
        f"{one.everybody.people:,} people since {challenge.time:%Y-%m-%d %H:%M} UTC"
    )
    planned = (
        f"plan:   {plan.share:.1%} of the people until {plan.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC, to see a "
        f"difference of {plan.difference:.1%}; where there is none it is seen by a chance of at most {plan.alpha:g}"
    )
    everybody = TOO_FEW if found.is_small else _describe_arms(one.everybody, one.beyond)
    groups = {name: _describe_arms(arms, one.beyond) for name, arms in one.groups.items() if arms.people}
    forecast = None if found.is_small else found.forecast
    return describe_judgement(found, [headline, planned], everybody, groups, forecast)


def _describe_arms(arms: Arms, beyond: float) -> str:
    seen = {"more approvals beyond doubt": arms.more >= beyond, "fewer approvals beyond doubt": arms.fewer >= beyond}
    said = " and ".join(text for text, is_seen in seen.items() if is_seen) or "no difference beyond doubt"
    evidence = f"evidence more {arms.more:,.3g}, fewer {arms.fewer:,.3g} of {beyond:,.0f}"
    return f"{_describe_arm(arms.champion)} approved, {_describe_arm(arms.challenger)} by it; {said} ({evidence})"


def _describe_arm(arm: Arm) -> str:
    return f"{arm.share or 0:.1%} of {arm.people:,}"


def dump_split(found: SplitJudgement) -> dict[str, Any]:
    """Dump a judgement for --json."""
    one = found.finding
    others = {
        "later": one.selected.later,
        "undealt": one.selected.undealt,
        "unnamed": one.selected.unnamed,
        "deal": one.deal._asdict()
        | {
            "planned": found.plan.share,
            "threshold": one.deal_beyond,
            "differs": one.is_dealt_otherwise,
            "groups": [list(name) for name in one.list_dealt_otherwise()],
        },
    }
    everybody = {"withheld": True} if found.is_small else _dump_arms(one.everybody, one.beyond)
    groups = {name: _dump_arms(arms, one.beyond) for name, arms in one.groups.items() if arms.people}
    return dump_judgement(found, everybody, groups, None if found.is_small else found.forecast, **others)


def _dump_arms(arms: Arms, beyond: float) -> dict[str, Any]:
    return {
        "champion": arms.champion._asdict(),
        "challenger": arms.challenger._asdict(),
        "evidence_more": arms.more,
        "evidence_fewer": arms.fewer,
        "threshold": beyond,
        "more": arms.more >= beyond,
        "fewer": arms.fewer >= beyond,
    }
