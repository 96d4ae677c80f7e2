"""Put the judgement of a shadow into words, and as JSON. Of small groups no figures."""

from typing import Any

from release.challenge.shadow_judgement import ShadowJudgement
from release.challenge.wording import describe_judgement, dump_judgement
from watch.challenge.flips import Flips


def describe_shadow(found: ShadowJudgement) -> list[str]:
    """Describe a judgement; of groups, those that somebody is of."""
    challenge, one = found.challenge, found.finding
    headline = (
        f"{challenge.environment}: {challenge.version} beside {found.champion.version}, {found.word}; "
        f"{one.everybody.people:,} applications since {challenge.time:%Y-%m-%d %H:%M} UTC"
    )
    groups = {name: _describe_flips(flips, one.flips_beyond) for name, flips in one.groups.items() if flips.people}
    return describe_judgement(
        found, [headline], _describe_flips(one.everybody, one.flips_beyond), groups, found.forecast
    )


def _describe_flips(flips: Flips, beyond: float) -> str:
    if not flips.people:
        return "nobody was decided by both yet"
    share = f"{flips.approved / flips.people:.1%} approved, {flips.challenger_approved / flips.people:.1%} by it"
    seen = "beyond doubt" if flips.peak >= beyond else "not beyond doubt"
    people = f"{flips.gained:,} more people and {flips.lost:,} fewer"
    return f"{share}; {people}, a difference {seen} (evidence {flips.peak:,.3g} of {beyond:,.0f})"


def dump_shadow(found: ShadowJudgement) -> dict[str, Any]:
    """Dump a judgement for --json."""
    one = found.finding
    groups = {name: _dump_flips(flips, one.flips_beyond) for name, flips in one.groups.items() if flips.people}
    others = {"missing": found.missing, "undecided": one.undecided}
    return dump_judgement(found, _dump_flips(one.everybody, one.flips_beyond), groups, found.forecast, **others)


def _dump_flips(flips: Flips, beyond: float) -> dict[str, Any]:
    return flips._asdict() | {"threshold": beyond, "differs": flips.peak >= beyond}
