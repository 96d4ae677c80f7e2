"""The verdict in plain words. Every sentence is made of the run's own numbers, and left out where they don't say it."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from credit.page.forest import RATIO
from credit.page.groups import lowest_outcome
from credit.page.results import Json, Results
from credit.page.words import group, interval, listed, number, percent, sentence, shown, the, words


class Verdict(NamedTuple):
    """Who goes forward, why in one sentence, and what else has to be known."""

    headline: str
    why: str
    sentences: tuple[str, ...]


def verdict(results: Results) -> Verdict:
    """The verdict of one run."""
    champion = results.choice["champion"]
    parts = (_not_a_pass, _waived, _outcomes, _accurate_and_alike, _people, _more_people)
    return Verdict(
        f"{sentence(the(champion))} goes forward",
        _why(results),
        tuple(text for part in parts for text in part(results)),
    )


def metric_of(results: Results) -> str:
    """The figure that decides among those that pass: it stands first in every candidate's entry."""
    first: str = next(iter(results.choice["candidates"][results.choice["champion"]]))
    return first


def lowest_ratios(results: Results) -> dict[str, Json]:
    """The lowest adverse impact ratio of each candidate that has one."""
    ratios = {name: judged["lowest_adverse_impact_ratio"] for name, judged in results.judged.items()}
    return {name: ratio for name, ratio in ratios.items() if ratio}


def _why(results: Results) -> str:
    entries, champion, metric = results.choice["candidates"], results.choice["champion"], metric_of(results)
    passing = [name for name, entry in entries.items() if entry["passes"]]
    if not passing:
        goes_on = f"{the(champion)}, which decided before there was a model, goes on deciding"
        return f"None of the {len(entries)} candidates passes every gate, so {goes_on}."
    told = shown(results.metrics[champion], metric)
    alone = f"Of {len(entries)} candidates only this one passes every gate"
    best = f"{len(passing)} of {len(entries)} candidates pass every gate, and it has the best {words(metric)} of them"
    range_ = f" (95% interval {told.interval})" if told.interval else ""
    return f"{alone if len(passing) == 1 else best}: {words(metric)} {told.value}{range_}."


def _not_a_pass(results: Results) -> Iterator[str]:
    champion = results.choice["champion"]
    against = results.choice["candidates"][champion]["against"]
    if against:
        count = "one finding stands" if len(against) == 1 else f"{len(against)} findings stand"
        yield f"Going forward is not a pass: {count} against {the(champion)} too."


def _waived(results: Results) -> Iterator[str]:
    champion = results.choice["champion"]
    for item in results.judged[champion]["findings"]:
        waiver = item.get("waiver") or {}
        if waiver.get("used"):
            finding = f"the {words(item['measure'])} of {_of(item)}"
            signed = f"signed by {waiver['who']} until {waiver['until']}"
            yield f"A waiver lets {the(champion)} through for {finding}, {signed}. It is not a pass on the figures."


def _outcomes(results: Results) -> Iterator[str]:
    found, limit = lowest_outcome(results), results.fairness.chosen.limits.get(RATIO)
    if found is None:
        return
    who = group(found.attribute, found.group)
    rates = f"{found.rate.value} of {who} and {found.reference_rate.value} of {found.reference}"
    told = f"favourable for {rates}, a ratio of {number(found.ratio)}"
    if limit is None or not limit.gated:
        yield f"The recorded outcomes, whoever decides now, are {told} at the lowest."
    elif limit.holds(found.ratio, found.ratio):
        yield f"The recorded outcomes themselves keep the limit of {limit}: they are {told} at the lowest."
    else:
        yield (
            f"The recorded outcomes breach the limit of {limit} themselves: they are {told}. "
            "Whoever is faithful to them is faithful to that difference."
        )


def _accurate_and_alike(results: Results) -> Iterator[str]:
    metric, ratios = metric_of(results), lowest_ratios(results)
    values = {name: results.metrics[name][metric] for name in ratios if results.metrics[name][metric] is not None}
    if len(values) < 2:
        return
    best, lowest = max(values, key=values.__getitem__), min(ratios, key=lambda name: ratios[name]["value"])
    alike = max(ratios, key=lambda name: ratios[name]["value"])
    told = f"{sentence(the(best))} is the most accurate ({words(metric)} {number(values[best])})"
    least = f"{number(ratios[best]['value'])} for {_of(ratios[best])}"
    if best == alike:
        yield f"{told} and has the highest of the lowest adverse impact ratios, {least}: here the two do not conflict."
        return
    also = "and has the lowest adverse impact ratio of all" if best == lowest else "with an adverse impact ratio of"
    fairest = f"{the(alike)} has the highest, {number(ratios[alike]['value'])}"
    accuracy = f", at {words(metric)} {number(values[alike])}" if alike in values else ""
    yield f"{told} {also}{',' if best == lowest else ''} {least}; {fairest}{accuracy}."


def _people(results: Results) -> Iterator[str]:
    ratios, limit = lowest_ratios(results), results.fairness.chosen.limits.get(RATIO)
    first = ratios.get(results.choice["champion"])
    if first is None or limit is None or not limit.gated:
        return
    judged = results.judged[results.choice["champion"]]
    same = {name: ratio["interval"] for name, ratio in ratios.items() if _of(ratio) == _of(first)}
    told = listed([f"{interval(ends)} for {the(name)}" for name, ends in same.items()])
    share = percent(first["people"] / judged["rows"])
    yield (
        f"The lowest ratio is about {_of(first)}: {first['people']:,} of {judged['rows']:,} people ({share}). "
        f"Its {judged['level']:.0%} interval is {told}."
    )
    both = listed(
        [the(name) for name, ends in same.items() if not limit.holds(*_open(ends)) | limit.broken(*_open(ends))]
    )
    if both:
        yield (
            f"For {both} that interval reaches to both sides of the limit of {limit}: on so few people the data do "
            "not decide, which counts as insufficient, not as a pass."
        )
    beyond = [name for name, ends in same.items() if limit.broken(*_open(ends))]
    for text, fails in ((": a fail", True), (", though no longer when corrected for the number of comparisons", False)):
        names = listed([the(name) for name in beyond if _fails(results.judged[name], first) == fails])
        if names:
            yield f"For {names} the whole interval is beyond the limit of {limit}{text}."


def _of(item: Json) -> str:
    return group(item["attribute"], item["group"])


def _open(ends: list[float | None]) -> tuple[float, float]:
    low, high = ends
    return -math.inf if low is None else low, math.inf if high is None else high


def _fails(judged: Json, ratio: Json) -> bool:
    return any(
        item["verdict"] == "fail" and item["measure"] == RATIO and _of(item) == _of(ratio)
        for item in judged["findings"]
    )


def _more_people(results: Results) -> Iterator[str]:
    for item in results.judged[results.choice["champion"]]["findings"]:
        if not item["blocks"] or "more_people_at_observed_rates" not in item:
            continue
        more = item["more_people_at_observed_rates"]
        who = f"{sentence(words(item['measure']))} of {_of(item)}"
        if more is None:
            yield f"{who}: at the rates observed, no number of further people would make a pass likely."
        else:
            yield f"{who}: {more:,} more people of the group would make a pass 80% likely at the rates observed."
