"""Put a forecast and a judgement of a challenger into words, and as JSON. Of small groups no figures."""

import math
from typing import Any

from release.challenge.forecast import LEAST_TRIED, Forecast, Need
from release.challenge.judgement import Judgement
from release.watching.taking_back.target import LEAST_SHOWN
from watch.challenge.flips import Flips, Group
from watch.challenge.judging import GroupComparison

TOO_FEW = "too few people to show figures"


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


def describe_judgement(found: Judgement) -> list[str]:
    """Describe a judgement: the verdict, everybody, each group, and what could not be compared."""
    challenge, one = found.challenge, found.finding
    lines = [
        f"{challenge.environment}: {challenge.version} beside {found.live.version}, {found.word}; "
        f"{one.everybody.people:,} applications since {challenge.time:%Y-%m-%d %H:%M} UTC"
    ]
    lines += [f"inconclusive: {line}" for line in found.obstacles]
    for what, names in found.list_verdicts():
        lines += [f"{what + ': ':8}{' '.join(name)}" for name in names]
    lines.append(f"all:    {_describe_flips(one.everybody, one.flips_beyond)}")
    for name, group in one.groups.items():
        if group.flips.people:
            lines.append(f"group:  {' '.join(name)}: {_describe_group(found, name, group)}")
    lines += [f"note:   {line}" for line in found.notes]
    return lines + (describe_forecast(found.forecast) if found.forecast else [])


def _describe_flips(flips: Flips, beyond: float) -> str:
    if not flips.people:
        return "nobody was decided by both yet"
    share = f"{flips.approved / flips.people:.1%} approved, {flips.challenger_approved / flips.people:.1%} by it"
    seen = "beyond doubt" if flips.peak >= beyond else "not beyond doubt"
    people = f"{flips.gained:,} more people and {flips.lost:,} fewer"
    return f"{share}; {people}, a difference {seen} (evidence {flips.peak:,.3g} of {beyond:,.0f})"


def _describe_group(found: Judgement, name: Group, group: GroupComparison) -> str:
    if name in found.small:
        return TOO_FEW
    text = _describe_flips(group.flips, found.finding.flips_beyond)
    if group.paired is None:
        return f"{text}; the reference"
    ratios = (format_ratio(group.paired.live_ratio), format_ratio(group.paired.ratio))
    evidence = f"evidence less unequal {group.paired.better:,.3g}, more unequal {group.worse:,.3g}"
    return f"{text}; ratio {ratios[0]}, {ratios[1]} by it ({evidence} of {found.finding.paired_beyond:,.0f})"


def format_ratio(ratio: float | None) -> str:
    """Format a ratio for people."""
    return "none" if ratio is None else f"{ratio:.2f}"


def dump_judgement(found: Judgement) -> dict[str, Any]:
    """Dump a judgement for --json; a small group has its name only."""
    one = found.finding
    return {
        "environment": found.challenge.environment,
        "challenge": found.challenge.model_dump(mode="json", exclude_none=True),
        "champion": found.live.model_dump(mode="json", exclude_none=True),
        "verdict": found.word,
        "inconclusive": found.obstacles,
        "notes": found.notes,
        "missing": found.missing,
        "undecided": one.undecided,
        "everybody": _dump_flips(one.everybody, one.flips_beyond),
        "groups": [_dump_group(found, name, group) for name, group in one.groups.items() if group.flips.people],
        **{what: [list(name) for name in names] for what, names in found.list_verdicts()},
        "least_shown": LEAST_SHOWN,
        "forecast": dump_forecast(found.forecast) if found.forecast else None,
    }


def _dump_flips(flips: Flips, beyond: float) -> dict[str, Any]:
    return flips._asdict() | {"threshold": beyond, "differs": flips.peak >= beyond}


def _dump_group(found: Judgement, name: Group, group: GroupComparison) -> dict[str, Any]:
    named = {"attribute": name[0], "group": name[1]}
    if name in found.small:
        return named | {"withheld": True}
    paired = group.paired._asdict() | {"worse": group.worse} if group.paired else None
    return named | _dump_flips(group.flips, found.finding.flips_beyond) | {"paired": paired}
