"""Put the judgement of a shadow into words, and as JSON. Of small groups no figures."""

from typing import Any

from release.challenge.shadow_judgement import ShadowJudgement
from release.challenge.wording import (
    describe_forecast,
    describe_group,
    describe_verdicts,
    dump_forecast,
    dump_group,
    dump_verdict,
)
from watch.challenge.flips import Flips


def describe_shadow(found: ShadowJudgement) -> list[str]:
    """Describe a judgement: the verdict, everybody, each group, and what could not be compared."""
    challenge, one = found.challenge, found.finding
    lines = [
        f"{challenge.environment}: {challenge.version} beside {found.champion.version}, {found.word}; "
        f"{one.everybody.people:,} applications since {challenge.time:%Y-%m-%d %H:%M} UTC"
    ]
    lines += describe_verdicts(found)
    lines.append(f"all:    {_describe_flips(one.everybody, one.flips_beyond)}")
    told = {name: _describe_flips(flips, one.flips_beyond) for name, flips in one.groups.items() if flips.people}
    lines += [f"group:  {' '.join(name)}: {describe_group(found, name, text)}" for name, text in told.items()]
    lines += [f"note:   {line}" for line in found.notes]
    return lines + (describe_forecast(found.forecast) if found.forecast else [])


def _describe_flips(flips: Flips, beyond: float) -> str:
    if not flips.people:
        return "nobody was decided by both yet"
    share = f"{flips.approved / flips.people:.1%} approved, {flips.challenger_approved / flips.people:.1%} by it"
    seen = "beyond doubt" if flips.peak >= beyond else "not beyond doubt"
    people = f"{flips.gained:,} more people and {flips.lost:,} fewer"
    return f"{share}; {people}, a difference {seen} (evidence {flips.peak:,.3g} of {beyond:,.0f})"


def dump_shadow(found: ShadowJudgement) -> dict[str, Any]:
    """Dump a judgement for --json; a small group has its name only."""
    one = found.finding
    return dump_verdict(found) | {
        "missing": found.missing,
        "undecided": one.undecided,
        "everybody": _dump_flips(one.everybody, one.flips_beyond),
        "groups": [
            dump_group(found, name, _dump_flips(flips, one.flips_beyond))
            for name, flips in one.groups.items()
            if flips.people
        ],
        "forecast": dump_forecast(found.forecast) if found.forecast else None,
    }


def _dump_flips(flips: Flips, beyond: float) -> dict[str, Any]:
    return flips._asdict() | {"threshold": beyond, "differs": flips.peak >= beyond}
