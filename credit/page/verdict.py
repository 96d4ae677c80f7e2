"""The verdict in plain words. Every sentence is made of the run's own numbers, and left out where they don't say it."""

from collections.abc import Iterator
from typing import NamedTuple

from credit.page.equal_treatment import accurate_and_alike, group_of, metric_of, more_people, outcomes, people
from credit.page.results import Results
from credit.page.words import listed, sentence, shown, the, words


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
