"""Put a forecast, and what the judgements of shadows and splits have in common, into words and as JSON."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from release.challenge.forecast import LEAST_TRIED, Forecast, Need
from release.challenge.shadow_judgement import ShadowJudgement
from release.challenge.split_judgement import SplitJudgement
from release.watching.taking_back.target import LEAST_SHOWN
from watch.challenge.flips import Group

TOO_FEW = "too few people to show figures"

Verdict = ShadowJudgement | SplitJudgement
"""Of both the same is told, but for how approvals are counted."""


def describe_forecast(forecast: Forecast) -> list[str]:
    """Describe how many applications it takes, everybody first, then the group that takes the most."""
    if forecast.everybody is None and forecast.tried >= LEAST_TRIED:
        return [f"takes: not known, the share of approvals cannot differ by {forecast.difference:.1%}"]
    if forecast.everybody is None:
        return [f"takes: not known, the log has {forecast.tried:,} applications that both versions can decide"]
    lines = [f"takes: {_describe_need(forecast, forecast.everybody, 'of everybody')}"]
    if forecast.groups:
        name, need = max(forecast.groups.items(), key=lambda one: one[1].any_look or math.inf)
        lines.append(f"       {_describe_need(forecast, need, f'of {chr(32).join(name)}, in all')}")
    return lines


def _describe_need(forecast: Forecast, need: Need, whom: str) -> str:
    if need.discordant is None:
        shares = f"{need.approved:.1%} are approved, {need.challenger_approved:.1%} by it"
    else:
        shares = f"they differ about {need.discordant:.1%}"
    wanted = f"{forecast.difference:.1%} more or fewer approvals {whom}"
    if need.any_look is None:
        return f"{wanted} are too small a difference to see, but for {need.one_look:,} in one look only; {shares}"
    days = f", {need.any_look / forecast.daily:,.0f} days" if forecast.daily else ""
    return (
        f"about {need.any_look:,} applications{days} to see {wanted}, "
        f"whenever you look ({need.one_look:,} for one look only); {shares}"
    )


def dump_forecast(forecast: Forecast) -> dict[str, Any]:
    """Dump a forecast for --json."""
    return {
        "difference": forecast.difference,
        "tried": forecast.tried,
        "daily": forecast.daily,
        "everybody": forecast.everybody._asdict() if forecast.everybody else None,
        "groups": [
            {"attribute": attribute, "group": group, **need._asdict()}
            for (attribute, group), need in forecast.groups.items()
        ],
    }


def describe_judgement(
    found: Verdict, headline: Sequence[str], everybody: str, groups: Mapping[Group, str], forecast: Forecast | None
) -> list[str]:
    """Describe a judgement: headline, verdicts, everybody, each group, and what is to be known besides.

    `headline`: what it is about, and what was planned where something was; `everybody`, `groups`: whom was approved.
    """
    lines = [headline[0], *(f"inconclusive: {line}" for line in found.obstacles)]
    for what, names in found.list_verdicts():
        lines += [f"{what + ': ':8}{' '.join(name)}" for name in names]
    lines += [*headline[1:], f"all:    {everybody}"]
    lines += [f"group:  {' '.join(name)}: {_describe_group(found, name, text)}" for name, text in groups.items()]
    lines += [f"note:   {line}" for line in found.notes]
    return lines + (describe_forecast(forecast) if forecast else [])


def _describe_group(found: Verdict, name: Group, approvals: str) -> str:
    """Describe a group by its approvals and its ratio; a small one has no figures."""
    if name in found.small:
        return TOO_FEW
    finding = found.finding.ratios
    change = finding.changes.get(name)
    if change is None:
        return f"{approvals}; the reference"
    ratios = [_format_ratio(one) for one in (change.champion, change.challenger)]
    evidence = f"evidence lower {change.lower:,.3g}, higher {change.higher:,.3g} of {finding.beyond:,.0f}"
    below = f"below {found.limit:g} {change.breach:,.3g} of {finding.breach_beyond:,.0f}"
    return f"{approvals}; ratio {ratios[0]}, {ratios[1]} by it ({evidence}; {below})"


def _format_ratio(ratio: float | None) -> str:
    return "none" if ratio is None else f"{ratio:.2f}"


def dump_judgement(
    found: Verdict,
    everybody: dict[str, Any],
    groups: Mapping[Group, dict[str, Any]],
    forecast: Forecast | None,
    **others: Any,
) -> dict[str, Any]:
    """Dump a judgement for --json; a small group has its name only. `others`: what only this kind of challenge has."""
    return {
        "environment": found.challenge.environment,
        "challenge": found.challenge.model_dump(mode="json", exclude_none=True),
        "champion": found.champion.model_dump(mode="json", exclude_none=True),
        "verdict": found.word,
        "inconclusive": found.obstacles,
        "notes": found.notes,
        **{what: [list(name) for name in names] for what, names in found.list_verdicts()},
        "least_shown": LEAST_SHOWN,
        **others,
        "everybody": everybody,
        "groups": [_dump_group(found, name, approvals) for name, approvals in groups.items()],
        "forecast": dump_forecast(forecast) if forecast else None,
    }


def _dump_group(found: Verdict, name: Group, approvals: dict[str, Any]) -> dict[str, Any]:
    """Dump a group with its approvals and its ratio, None of the reference group."""
    named = {"attribute": name[0], "group": name[1]}
    if name in found.small:
        return named | {"withheld": True}
    finding = found.finding.ratios
    change = finding.changes.get(name)
    beyond = {"threshold": finding.beyond, "breach_threshold": finding.breach_beyond}
    return named | approvals | {"ratio": change._asdict() | beyond if change else None}
