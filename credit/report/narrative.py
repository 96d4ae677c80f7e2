"""The verdict in plain words: sentences from the run's own numbers, each left out where these do not support it."""

from collections.abc import Iterator
from typing import NamedTuple

from credit.common.candidate_definition import format_candidate
from credit.common.formatting import (
    capitalise,
    format_interval,
    format_number,
    format_percent,
    join_words,
    spell_out,
)
from credit.report.choice import (
    describe_better_candidates,
    describe_objections,
    describe_unsigned_failures,
    describe_waivers,
    explain_choice,
)
from credit.report.groups import find_lowest_outcome
from credit.report.results import Results
from credit.reports.fairness import DetectedGroup, FairnessReport, LowestRatio, OperatingCharacteristics, PairFinding
from credit.reports.figures import ADVERSE_IMPACT_RATIO


def _collect_lowest_ratios(results: Results) -> dict[str, LowestRatio]:
    return {name: ratio for name, judged in results.judged.items() if (ratio := judged.lowest_adverse_impact_ratio)}


def describe_outcomes(results: Results) -> Iterator[str]:
    """Describe the recorded outcomes before any model."""
    found, limit = find_lowest_outcome(results), results.fairness.chosen_policy.limits.get(ADVERSE_IMPACT_RATIO)
    if found is None:
        return
    who = results.name_group(found.attribute, found.group)
    beside = results.label_group(found.attribute, found.reference)
    rates = f"{found.rate.value} of {who} and {found.reference_rate.value} of {beside}"
    rated = f"favourable for {rates}, a ratio of {format_number(found.ratio)}"
    if limit is None or not limit.gated:
        yield f"The recorded outcomes are {rated} for the worst-off group."
    elif limit.is_kept_by(found.ratio, found.ratio):
        yield f"The recorded outcomes themselves keep the limit of {limit}: they are {rated} for the worst-off group."
    else:
        yield (
            f"The recorded outcomes breach the limit of {limit} themselves: they are {rated}. "
            "A model that is faithful to them repeats that difference."
        )


def compare_accuracy_with_fairness(results: Results) -> Iterator[str]:
    """Compare the most accurate candidate with the one that treats groups most alike."""
    metric, ratios = results.choice.metric, _collect_lowest_ratios(results)
    values = {name: value for name in ratios if (value := results.metrics[name].get_value(metric)) is not None}
    if len(values) < 2:
        return
    best, lowest = max(values, key=values.__getitem__), min(ratios, key=lambda name: ratios[name].value)
    alike = max(ratios, key=lambda name: ratios[name].value)
    lead = f"{capitalise(format_candidate(best))} is the best by {spell_out(metric)} ({format_number(values[best])})"
    least = f"{format_number(ratios[best].value)} for {name_group(results, ratios[best])}"
    if best == alike:
        yield f"{lead} and has the best worst-group ratio, {least}: here the two do not conflict."
    else:
        yield _describe_tradeoff(results, lead, least, best, lowest, alike, values)
    champion = results.choice.champion
    if champion == lowest != best and not results.choice.candidates[champion].eligible:
        own = f"{format_number(ratios[champion].value)} for {name_group(results, ratios[champion])}"
        because = "it goes forward because no other may, not because it treats groups more alike"
        yield f"{capitalise(format_candidate(champion))} has the lowest of all, {own}: {because}."


def _describe_tradeoff(
    results: Results, lead: str, least: str, best: str, lowest: str, alike: str, values: dict[str, float]
) -> str:
    """Describe the trade-off: the most accurate candidate and the one that treats groups most alike are two."""
    metric, ratios = results.choice.metric, _collect_lowest_ratios(results)
    if format_number(ratios[best].value) == format_number(ratios[alike].value):
        return f"{lead} with a worst-group ratio of {least}, as high as that of {format_candidate(alike)}."
    also = "and has the lowest worst-group ratio of all" if best == lowest else "with a worst-group ratio of"
    fairest = f"{format_candidate(alike)} has the highest, {format_number(ratios[alike].value)}"
    accuracy = f", at {spell_out(metric)} {format_number(values[alike])}" if alike in values else ""
    return f"{lead} {also}{',' if best == lowest else ''} {least}; {fairest}{accuracy}."


def describe_sample_size(results: Results) -> Iterator[str]:
    """Describe how many people the lowest ratio rests on, and whether they decide."""
    ratios, limit = _collect_lowest_ratios(results), results.fairness.chosen_policy.limits.get(ADVERSE_IMPACT_RATIO)
    first = ratios.get(results.choice.champion)
    if first is None or limit is None or not limit.gated:
        return
    judged = results.judged[results.choice.champion]
    whom = name_group(results, first)
    same = {name: ratio.interval for name, ratio in ratios.items() if name_group(results, ratio) == whom}
    intervals = join_words([f"{format_interval(ends)} for {format_candidate(name)}" for name, ends in same.items()])
    share = format_percent(first.people / judged.rows)
    yield (
        f"The worst-group ratio is that of {whom}: {first.people:,} of {judged.rows:,} people ({share}). "
        f"Its {judged.level:.0%} interval is {intervals}."
    )
    for verdict, comes_to in _VERDICTS.items():
        judged_so = [format_candidate(name) for name in same if _find_verdict(results.judged[name], first) == verdict]
        if judged_so:
            yield f"For {join_words(judged_so)} {comes_to.format(limit=limit)}."


_VERDICTS = {
    "fail": "all of it is beyond the limit of {limit}, also when corrected for the number of comparisons: a fail",
    "unequal": "the ratio is beyond the limit of {limit}, and equal treatment would hardly come to this: unequal",
    "insufficient": "the data do not decide about the limit of {limit}, which counts as insufficient, not as a pass",
    "pass": "all of it keeps the limit of {limit}: a pass",
}


def name_group(results: Results, item: PairFinding | LowestRatio) -> str:
    """Name the group that a finding or a ratio is about."""
    return results.name_group(item.attribute, item.group)


def _find_verdict(judged: FairnessReport, ratio: LowestRatio) -> str:
    return next(
        (
            item.verdict
            for item in judged.findings
            if (item.measure, item.attribute, item.group) == (ADVERSE_IMPACT_RATIO, ratio.attribute, ratio.group)
        ),
        "reported",
    )


def describe_obligations(results: Results) -> Iterator[str]:
    """Describe each figure beyond a limit and undecided, and how many more people would decide it."""
    judged = results.judged[results.choice.champion]
    obliged = {(one.attribute, one.group, one.measure) for one in judged.obligations}
    for item in judged.findings:
        if (item.attribute, item.group, item.measure) in obliged:
            more = item.describe_more_people() or "it is beyond its limit, and the people do not decide it"
            yield f"{capitalise(spell_out(item.measure))} of {name_group(results, item)} is to be watched: {more}."


def describe_operating_characteristics(results: Results) -> Iterator[str]:
    """Describe how often the policy would be wrong about people like these."""
    found = results.judged[results.choice.champion].operating_characteristics
    if found is None:
        return
    of_tables = f"of {found.tables:,} random tables of such people"
    stopped = f"{format_percent(found.fair_blocked)} {of_tables}" if found.fair_blocked else f"none {of_tables}"
    yield (
        f"This policy would stop a candidate that treats everybody alike in {stopped}. One by which a group has "
        f"{format_percent(found.ratio, 0)} of its reference's approvals would be found with "
        f"{_describe_detected(results, found)}."
    )


def _describe_detected(results: Results, found: OperatingCharacteristics) -> str:
    """Describe the groups for which unequal treatment is most and least likely found; all alike as one."""
    likely = max(found.detected, key=lambda one: one.found)
    unlikely = min(found.detected, key=lambda one: one.found)
    most, least = format_percent(likely.found, 0), format_percent(unlikely.found, 0)
    if most == least:
        return f"{most}, whichever group it is"
    best, worst = _name_detected(results, likely), _name_detected(results, unlikely)
    return f"{most} if it is {best}, and with {least} if it is {worst}"


def _name_detected(results: Results, one: DetectedGroup) -> str:
    return f"{results.name_group(one.attribute, one.group)}, {one.people:,} people"


class Narrative(NamedTuple):
    """The champion, the reason in one sentence, and everything else that a reader has to know."""

    headline: str
    why: str
    sentences: tuple[str, ...]


def compose_narrative(results: Results) -> Narrative:
    """Compose the verdict of one run."""
    champion = results.choice.champion
    parts = (
        describe_objections,
        describe_better_candidates,
        describe_unsigned_failures,
        describe_waivers,
        describe_outcomes,
        compare_accuracy_with_fairness,
        describe_sample_size,
        describe_obligations,
        describe_operating_characteristics,
    )
    return Narrative(
        f"{capitalise(format_candidate(champion))} goes forward",
        explain_choice(results),
        tuple(text for part in parts for text in part(results)),
    )
