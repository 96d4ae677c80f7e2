"""The verdict in plain words. Every sentence is made of the run's own numbers, and left out where they don't say it."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from credit.common.formatting import group, interval, listed, number, percent, sentence, shown, the, words
from credit.fairness.wording import needed
from credit.report.forest import RATIO
from credit.report.groups import lowest_outcome
from credit.report.results import Json, Results


def metric_of(results: Results) -> str:
    """The figure that decides among those that pass."""
    metric: str = results.choice["metric"]
    return metric


def _lowest_ratios(results: Results) -> dict[str, Json]:
    ratios = {name: judged["lowest_adverse_impact_ratio"] for name, judged in results.judged.items()}
    return {name: ratio for name, ratio in ratios.items() if ratio}


def outcomes(results: Results) -> Iterator[str]:
    """What the recorded outcomes say before any model does."""
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


def accurate_and_alike(results: Results) -> Iterator[str]:
    """Whether the most accurate candidate is the one that treats groups most alike."""
    metric, ratios = metric_of(results), _lowest_ratios(results)
    values = {name: results.metrics[name][metric] for name in ratios if results.metrics[name][metric] is not None}
    if len(values) < 2:
        return
    best, lowest = max(values, key=values.__getitem__), min(ratios, key=lambda name: ratios[name]["value"])
    alike = max(ratios, key=lambda name: ratios[name]["value"])
    told = f"{sentence(the(best))} is the best by {words(metric)} ({number(values[best])})"
    least = f"{number(ratios[best]['value'])} for {group_of(ratios[best])}"
    if best == alike:
        yield f"{told} and has the highest of the lowest adverse impact ratios, {least}: here the two do not conflict."
    else:
        yield _apart(results, told, least, best, lowest, alike, values)
    champion = results.choice["champion"]
    if champion == lowest != best and not results.choice["candidates"][champion]["passes"]:
        own = f"{number(ratios[champion]['value'])} for {group_of(ratios[champion])}"
        because = "it goes forward because no other may, not because it treats groups more alike"
        yield f"{sentence(the(champion))} has the lowest of all, {own}: {because}."


def _apart(
    results: Results, told: str, least: str, best: str, lowest: str, alike: str, values: dict[str, float]
) -> str:
    """The most accurate candidate and the one that treats groups most alike are two."""
    metric, ratios = metric_of(results), _lowest_ratios(results)
    if number(ratios[best]["value"]) == number(ratios[alike]["value"]):
        return f"{told} with an adverse impact ratio of {least}, as high as that of {the(alike)}."
    also = "and has the lowest adverse impact ratio of all" if best == lowest else "with an adverse impact ratio of"
    fairest = f"{the(alike)} has the highest, {number(ratios[alike]['value'])}"
    accuracy = f", at {words(metric)} {number(values[alike])}" if alike in values else ""
    return f"{told} {also}{',' if best == lowest else ''} {least}; {fairest}{accuracy}."


def people(results: Results) -> Iterator[str]:
    """How many people the lowest ratio rests on, and whether they decide."""
    ratios, limit = _lowest_ratios(results), results.fairness.chosen.limits.get(RATIO)
    first = ratios.get(results.choice["champion"])
    if first is None or limit is None or not limit.gated:
        return
    judged = results.judged[results.choice["champion"]]
    same = {name: ratio["interval"] for name, ratio in ratios.items() if group_of(ratio) == group_of(first)}
    told = listed([f"{interval(ends)} for {the(name)}" for name, ends in same.items()])
    share = percent(first["people"] / judged["rows"])
    yield (
        f"The lowest ratio is about {group_of(first)}: {first['people']:,} of {judged['rows']:,} people ({share}). "
        f"Its {judged['level']:.0%} interval is {told}."
    )
    both = listed(
        [the(name) for name, ends in same.items() if not limit.holds(*_open(ends)) | limit.broken(*_open(ends))]
    )
    if both:
        yield (
            f"For {both} that interval reaches to both sides of the limit of {limit}: the data do not decide"
            ", which counts as insufficient, not as a pass."
        )
    beyond = [name for name, ends in same.items() if limit.broken(*_open(ends))]
    for text, fails in ((": a fail", True), (", though no longer when corrected for the number of comparisons", False)):
        names = listed([the(name) for name in beyond if _fails(results.judged[name], first) == fails])
        if names:
            yield f"For {names} the whole interval is beyond the limit of {limit}{text}."


def group_of(item: Json) -> str:
    """The group that a finding or a ratio is about."""
    return group(item["attribute"], item["group"])


def _open(ends: list[float | None]) -> tuple[float, float]:
    low, high = ends
    return -math.inf if low is None else low, math.inf if high is None else high


def _fails(judged: Json, ratio: Json) -> bool:
    return any(
        item["verdict"] == "fail" and item["measure"] == RATIO and group_of(item) == group_of(ratio)
        for item in judged["findings"]
    )


def more_people(results: Results) -> Iterator[str]:
    """How many more people would make a pass likely."""
    for item in results.judged[results.choice["champion"]]["findings"]:
        if item["blocks"] and (told := needed(item)):
            yield f"{sentence(words(item['measure']))} of {group_of(item)}: {told}."


class Verdict(NamedTuple):
    """Who goes forward, why in one sentence, and what else has to be known."""

    headline: str
    why: str
    sentences: tuple[str, ...]


def verdict(results: Results) -> Verdict:
    """The verdict of one run."""
    champion = results.choice["champion"]
    parts = (_against, _waived, outcomes, accurate_and_alike, people, more_people)
    return Verdict(
        f"{sentence(the(champion))} goes forward",
        _why(results),
        tuple(text for part in parts for text in part(results)),
    )


def _why(results: Results) -> str:
    entries, champion, metric = results.choice["candidates"], results.choice["champion"], metric_of(results)
    passing = [name for name, entry in entries.items() if entry["passes"]]
    if not passing:
        goes_on = f"{the(champion)}, which decided before there was a model, goes on deciding"
        return f"No candidate of {len(entries)} passes every gate, so {goes_on}."
    told = shown(results.metrics[champion], metric)
    alone = f"Of {len(entries)} candidates only this one passes every gate"
    best = f"{len(passing)} of {len(entries)} candidates pass every gate, and it has the best {words(metric)} of them"
    range_ = f" (95% interval {told.interval})" if told.interval else ""
    free = " Equal treatment does not gate under this policy." if results.fairness.chosen.gates == "nothing" else ""
    return f"{alone if len(passing) == 1 else best}: {words(metric)} {told.value}{range_}.{free}"


def _against(results: Results) -> Iterator[str]:
    for name, entry in results.choice["candidates"].items():
        found: dict[str, list[str]] = {}
        for item in results.judged[name]["findings"]:
            if item["blocks"]:
                found.setdefault(item["verdict"], []).append(f"{words(item['measure'])} of {group_of(item)}")
        told = [f"{verdict} in {listed(figures)}" for verdict, figures in found.items()]
        others = len(entry["against"]) - sum(map(len, found.values()))
        if others:
            told.append("a gate of quality" if others == 1 else f"{others} gates of quality")
        if told:
            goes = " It goes forward all the same, which is not a pass." if name == results.choice["champion"] else ""
            yield f"Against {the(name)}: {'; '.join(told)}.{goes}"


def _waived(results: Results) -> Iterator[str]:
    champion = results.choice["champion"]
    for item in results.judged[champion]["findings"]:
        waiver = item.get("waiver") or {}
        if waiver.get("used"):
            finding = f"the {words(item['measure'])} of {group_of(item)}"
            signed = f"signed by {waiver['who']} until {waiver['until']}"
            yield f"A waiver lets {the(champion)} through for {finding}, {signed}. It is not a pass on the figures."
