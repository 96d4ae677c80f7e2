"""One line of a forest plot: where its figure and interval lie, and what is said of them."""

from typing import NamedTuple

from credit.page.results import Json
from credit.page.scale import Scale
from credit.page.words import DASH, interval, number, sentence, the, words


class Mark(NamedTuple):
    """One candidate's figure for one group. `at`, `low` and `high` in percent of the axis; None: there is none.

    `kind` is the verdict, `follows` what comes of it, `told` the whole in words. Without a figure, `interval` says why.
    """

    candidate: str
    value: str
    interval: str
    at: float | None
    low: float | None
    high: float | None
    kind: str
    follows: str
    told: str


def is_drawn(item: Json) -> bool:
    """Whether a finding has a figure that may be looked at."""
    return item["verdict"] != "not assessable" and item["value"] is not None


def mark_of(name: str, item: Json, scale: Scale, reason: str) -> Mark:
    """The mark of a finding about a candidate. `reason` stands in place of an interval where there is none to draw."""
    drawn = is_drawn(item)
    low, high = item["interval"] if drawn else (None, None)
    follows = _follows(item)
    return Mark(
        candidate=words(name),
        value=number(item["value"]) if drawn else DASH,
        interval=interval(item["interval"]) if drawn else reason,
        at=scale.at(item["value"]) if drawn else None,
        low=_end(low, scale, 0.0) if drawn else None,
        high=_end(high, scale, 100.0) if drawn else None,
        kind=item["verdict"],
        follows=follows,
        told=f"{sentence(the(name))}, {item['reason']} Verdict: {item['verdict']}{', ' if follows else ''}{follows}.",
    )


def _end(value: float | None, scale: Scale, beyond: float) -> float:
    return beyond if value is None else scale.at(value)


def _follows(item: Json) -> str:
    waiver: Json = item.get("waiver") or {}
    if item["blocks"]:
        return "blocks"
    if waiver.get("used"):
        return "waived"
    return "warning" if item["warn"] else ""
