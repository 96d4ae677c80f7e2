"""Put the judgement of a split into words, and as JSON. Of small groups no figures."""

from datetime import UTC
from typing import Any

from release.challenge.split_judgement import SplitJudgement
from release.challenge.wording import TOO_FEW, describe_forecast, dump_forecast, format_ratio
from release.watching.taking_back.target import LEAST_SHOWN
from watch.challenge.arms import Arm, Arms
from watch.challenge.flips import Group


def describe_split(found: SplitJudgement) -> list[str]:
    """Describe a judgement: the verdict, the plan, everybody, each group, and who is left out."""
    challenge, plan, one = found.challenge, found.plan, found.finding
    lines = [
        f"{challenge.environment}: {challenge.version} decides beside {found.champion.version}, {found.word}; "
        f"{one.everybody.people:,} people since {challenge.time:%Y-%m-%d %H:%M} UTC"
    ]
    lines += [f"inconclusive: {line}" for line in found.obstacles]
    for what, names in found.list_verdicts():
        lines += [f"{what + ': ':8}{' '.join(name)}" for name in names]
    lines.append(
        f"plan:   {plan.share:.1%} of the people until {plan.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC, to see a "
        f"difference of {plan.difference:.1%}; where there is none it is seen by a chance of at most {plan.alpha:g}"
    )
    lines.append(f"all:    {TOO_FEW if found.is_small else _describe_arms(one.everybody, one.beyond)}")
    for name, group in one.groups.items():
        if group.arms.people:
            lines.append(f"group:  {' '.join(name)}: {_describe_group(found, name)}")
    lines += [f"note:   {line}" for line in found.notes]
    return lines + ([] if found.is_small else describe_forecast(found.forecast))


def _describe_arms(arms: Arms, beyond: float) -> str:
    seen = {"more approvals beyond doubt": arms.more >= beyond, "fewer approvals beyond doubt": arms.fewer >= beyond}
    said = " and ".join(text for text, is_seen in seen.items() if is_seen) or "no difference beyond doubt"
    evidence = f"evidence more {arms.more:,.3g}, fewer {arms.fewer:,.3g} of {beyond:,.0f}"
    return f"{_describe_arm(arms.champion)} approved, {_describe_arm(arms.challenger)} by it; {said} ({evidence})"


def _describe_arm(arm: Arm) -> str:
    return f"{arm.share or 0:.1%} of {arm.people:,}"


def _describe_group(found: SplitJudgement, name: Group) -> str:
    if name in found.small:
        return TOO_FEW
    one = found.finding
    group = one.groups[name]
    text = _describe_arms(group.arms, one.beyond)
    if group.ratio is None:
        return f"{text}; the reference"
    ratios = [format_ratio(ratio) for ratio in one.compute_ratios(name)]
    evidence = f"evidence lower {group.ratio.lower:,.3g}, higher {group.ratio.higher:,.3g} of {one.ratio_beyond:,.0f}"
    below = f"below {found.plan.limit:g} {group.ratio.breach:,.3g} of {one.breach_beyond:,.0f}"
    return f"{text}; ratio {ratios[0]}, {ratios[1]} by it ({evidence}; {below})"


def dump_split(found: SplitJudgement) -> dict[str, Any]:
    """Dump a judgement for --json; a small group has its name only."""
    one = found.finding
    return {
        "environment": found.challenge.environment,
        "challenge": found.challenge.model_dump(mode="json", exclude_none=True),
        "champion": found.champion.model_dump(mode="json", exclude_none=True),
        "verdict": found.word,
        "inconclusive": found.obstacles,
        "notes": found.notes,
        "later": one.selected.later,
        "undealt": one.selected.undealt,
        "unnamed": one.selected.unnamed,
        "deal": one.deal._asdict()
        | {"planned": found.plan.share, "threshold": one.deal_beyond, "differs": one.is_dealt_otherwise},
        "everybody": {"withheld": True} if found.is_small else _dump_arms(one.everybody, one.beyond),
        "groups": [_dump_group(found, name) for name, group in one.groups.items() if group.arms.people],
        **{what: [list(name) for name in names] for what, names in found.list_verdicts()},
        "least_shown": LEAST_SHOWN,
        "forecast": None if found.is_small else dump_forecast(found.forecast),
    }


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


def _dump_group(found: SplitJudgement, name: Group) -> dict[str, Any]:
    named = {"attribute": name[0], "group": name[1]}
    if name in found.small:
        return named | {"withheld": True}
    one = found.finding
    group, ratios = one.groups[name], one.compute_ratios(name)
    ratio = None
    if group.ratio is not None:
        ratio = {"champion": ratios[0], "challenger": ratios[1], **group.ratio._asdict()}
        ratio |= {"threshold": one.ratio_beyond, "breach_threshold": one.breach_beyond}
    return named | _dump_arms(group.arms, one.beyond) | {"ratio": ratio}
