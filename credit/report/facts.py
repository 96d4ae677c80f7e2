"""All that the report and the model card tell, in the words and numbers in which they tell it."""

from pathlib import Path
from typing import NamedTuple

from credit.common.formatting import number, percent, words
from credit.contract import Contract
from credit.contract.columns import Column
from credit.fairness.policies import Fairness, Limit
from credit.report.candidates import Judgement, judgements
from credit.report.dataset import Data, Features, data, features
from credit.report.forest import Forest, forests
from credit.report.frontier import Frontier, frontier
from credit.report.groups import Attribute, Outcome, Pairs, attributes, lowest_outcome, pairs
from credit.report.narrative import Verdict, verdict
from credit.report.results import Json, Results, read_results


class Waived(NamedTuple):
    """A waiver, and whether a finding needed it."""

    file: str
    candidate: str
    finding: str
    who: str
    why: str
    until: str
    used: bool


class Model(NamedTuple):
    """How a candidate was trained and decides."""

    hyperparameters: dict[str, str]
    features: tuple[str, ...]
    approve_from: str
    refer_from: str


class Facts(NamedTuple):
    """One run. `judged_on` says which people the groups' figures are about, `rows` how many they are."""

    contract: Contract
    contract_sha256: str
    outcome: str
    verdict: Verdict
    judgements: tuple[Judgement, ...]
    champion: Judgement
    model: Model
    judged_on: str
    rows: str
    level: str
    figures_level: str
    test_rows: str
    forests: tuple[Forest, ...]
    attributes: tuple[Attribute, ...]
    pairs: tuple[Pairs, ...]
    lowest_outcome: Outcome | None
    undisclosed: tuple[str, ...]
    frontier: Frontier
    features: Features
    data: Data
    waivers: tuple[Waived, ...]
    fairness: Fairness
    limits: dict[str, Limit]


def read_facts(contract: Path, reports: Path, waivers: Path) -> Facts:
    """The facts of the run whose reports these are. Raises CreditError that names a missing file."""
    return facts_of(read_results(contract, reports, waivers))


def facts_of(results: Results) -> Facts:
    """All facts of one run."""
    candidates = judgements(results)
    champion = next(one for one in candidates if one.champion)
    judged = results.judged[champion.name]
    return Facts(
        contract=results.contract,
        contract_sha256=results.contract_sha256,
        outcome=_outcome(results.contract.columns[results.contract.label]),
        verdict=verdict(results),
        judgements=candidates,
        champion=champion,
        model=_model(results.candidates[champion.name]),
        judged_on=judged["predictions"],
        rows=f"{judged['rows']:,}",
        level=percent(judged["level"], 0),
        figures_level=percent(judged["figures_level"], 0),
        test_rows=f"{results.metrics[champion.name]['rows']:,}",
        forests=forests(results),
        attributes=attributes(results),
        pairs=pairs(results),
        lowest_outcome=lowest_outcome(results),
        undisclosed=tuple(item["reason"] for item in judged["undisclosed"] if item["warn"]),
        frontier=frontier(results),
        features=features(results),
        data=data(results),
        waivers=_waivers(results),
        fairness=results.fairness,
        limits=results.fairness.chosen.limits,
    )


def _outcome(label: Column) -> str:
    """The favourable outcome in the contract's words."""
    value = label.favourable
    if isinstance(value, bool):
        return label.description if value else f"not: {label.description}"
    return f"{label.description}: {value}"


def _model(candidate: Json) -> Model:
    policy, knobs = candidate["policy"], candidate["hyperparameters"]
    return Model(
        {words(name): "not set" if value is None else f"{value}" for name, value in knobs.items()},
        tuple(candidate["features"]),
        "no score: it approves nobody" if policy["approve_from"] is None else number(policy["approve_from"]),
        number(policy["refer_from"]),
    )


def _waivers(results: Results) -> tuple[Waived, ...]:
    findings = [item.get("waiver") or {} for judged in results.judged.values() for item in judged["findings"]]
    used = {waiver["file"] for waiver in findings if waiver.get("used")}
    return tuple(
        Waived(
            file.rpartition("/")[2],
            words(one.candidate),
            f"{words(one.measure)} of {one.group} ({words(one.attribute)})",
            one.who,
            one.why,
            one.until.isoformat(),
            file in used,
        )
        for file, one in results.waivers.items()
    )
