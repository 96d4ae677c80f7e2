"""The choice in plain words: who goes forward and why, what stands against each, who is better, and who signs."""

from collections.abc import Iterator

from credit.common.candidate_definition import format_candidate
from credit.common.candidate_names import HEURISTIC
from credit.common.formatting import (
    capitalise,
    format_metric,
    format_number,
    join_words,
    spell_out,
)
from credit.report.results import Results
from credit.reports.choice import BetterCandidate


def explain_choice(results: Results) -> str:
    """Explain in a sentence who goes forward."""
    entries, champion, metric = results.choice.candidates, results.choice.champion, results.choice.metric
    passing = [name for name, entry in entries.items() if entry.eligible]
    if not passing:
        return (
            f"No candidate of {len(entries)} passes every gate, so the incumbent, {format_candidate(champion)}, goes "
            "forward."
        )
    value = format_metric(results.metrics[champion], metric)
    alone = f"Of {len(entries)} candidates only this one passes every gate"
    best = (
        f"{len(passing)} of {len(entries)} candidates pass every gate, and it has the best {spell_out(metric)} of them"
    )
    range_ = f" (95% interval {value.interval})" if value.interval else ""
    free = (
        " Equal treatment does not gate under this policy." if results.fairness.chosen_policy.gates == "nothing" else ""
    )
    return f"{alone if len(passing) == 1 else best}: {spell_out(metric)} {value.value}{range_}.{free}"


def describe_objections(results: Results) -> Iterator[str]:
    """Describe what stands against each candidate."""
    for name, entry in results.choice.candidates.items():
        found: dict[str, list[str]] = {}
        for item in results.judged[name].findings:
            if item.blocks:
                found.setdefault(item.verdict, []).append(
                    f"{spell_out(item.measure)} of {results.name_group(item.attribute, item.group)}"
                )
        objections = [f"{verdict} in {join_words(figures)}" for verdict, figures in found.items()]
        others = len(entry.against) - sum(map(len, found.values()))
        if others:
            objections.append("a quality gate" if others == 1 else f"{others} quality gates")
        if objections:
            goes = " It goes forward all the same, which is not a pass." if name == results.choice.champion else ""
            yield f"Against {format_candidate(name)}: {'; '.join(objections)}.{goes}"


def describe_better_candidates(results: Results) -> Iterator[str]:
    """Describe each candidate that is better than the incumbent on both counts, and what would let it go forward."""
    choice = results.choice
    judged, incumbent = results.judged[choice.incumbent], format_candidate(choice.incumbent)
    for one in choice.better:
        low, high = one.quality_change_interval
        yield (
            f"{capitalise(format_candidate(one.candidate))} is better than the incumbent, {incumbent}, on both counts, "
            f"about the same {judged.rows:,} people ({judged.predictions}): {spell_out(choice.metric)} "
            f"{one.quality_change:+.3f} ({judged.level:.0%} interval {low:+.3f} to {high:+.3f}), worst-group ratio "
            f"{format_number(one.worst_group_ratio)} against {format_number(one.incumbent_worst_group_ratio)}."
            f"{_describe_way_forward(results, one)}"
        )


def _describe_way_forward(results: Results, one: BetterCandidate) -> str:
    choice = results.choice
    if choice.champion != choice.incumbent or one.candidate == choice.champion:
        return ""
    if choice.candidates[one.candidate].eligible:
        return f" It may go forward; by {spell_out(choice.metric)} on the test rows the incumbent is ahead."
    unsafe = "" if choice.chosen.eligible else f" To keep {format_candidate(choice.incumbent)} is no safe choice."
    if one.waivers:
        drafts = "the waiver that is" if len(one.waivers) == 1 else f"the {len(one.waivers)} waivers that are"
        return f"{unsafe} It goes forward by {drafts} drafted below, once signed."
    return f"{unsafe} Quality gates stand against it, which no waiver lifts."


def describe_unsigned_failures(results: Results) -> Iterator[str]:
    """Describe what the rule fails, where it goes forward and nobody signs for that."""
    champion = results.choice.champion
    failures = results.judged[champion].unsigned_failures
    if failures and champion == HEURISTIC:
        figures = join_words(
            [f"{spell_out(one.measure)} of {results.name_group(one.attribute, one.group)}" for one in failures]
        )
        yield (
            f"The rule itself fails equal treatment ({figures}): it becomes a version only with an exception in "
            "waivers/ that two people sign."
        )


def describe_waivers(results: Results) -> Iterator[str]:
    """Describe each waiver that lets the champion through."""
    champion = results.choice.champion
    for item in results.judged[champion].findings:
        waiver = item.waiver
        if waiver and waiver.used:
            finding = f"the {spell_out(item.measure)} of {results.name_group(item.attribute, item.group)}"
            signed = f"signed by {waiver.signatures} until {waiver.until}"
            through = f"A waiver lets {format_candidate(champion)} through for {finding}, {signed}."
            yield f"{through} It is not a pass on the figures."
