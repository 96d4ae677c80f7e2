"""The facts of the report and the model card, in their words and numbers."""

from pathlib import Path
from typing import NamedTuple

from credit.common.candidate_definition import label_candidate
from credit.common.candidate_names import HEURISTIC
from credit.common.formatting import format_number, format_percent, spell_out
from credit.contract import Contract
from credit.contract.columns import Column
from credit.fairness.policies import Fairness, Limit
from credit.report.alternatives.frontier import Frontier, describe_frontier
from credit.report.candidates import CandidateSummary, describe_candidates
from credit.report.dataset import DatasetSummary, FeaturesTable, build_features_table, describe_dataset
from credit.report.forest import Forest, draw_forests
from credit.report.groups import (
    AttributeTables,
    OutcomeGap,
    PairsSummary,
    build_groups_tables,
    find_lowest_outcome,
    summarise_pairs,
)
from credit.report.narrative import Narrative, compose_narrative
from credit.report.results import Results, read_results
from credit.report.stability import StabilitySummary, describe_stability
from credit.reports.candidate import CandidateReport, LearningReport
from credit.reports.choice import BetterCandidate
from credit.reports.fairness import Finding


class WaiverRow(NamedTuple):
    """A waiver, and whether a finding needed it."""

    file: str
    candidate: str
    finding: str
    who: str
    why: str
    until: str
    used: str
    """Whether it lifts a finding, in words."""


class ModelDetails(NamedTuple):
    """A candidate's training and thresholds."""

    hyperparameters: dict[str, str]
    features: tuple[str, ...]
    approve_from: str
    refer_from: str


class ReportFacts(NamedTuple):
    """One run. `population` says which people the groups' figures are about, `rows` how many they are."""

    contract: Contract
    contract_sha256: str
    outcome: str
    verdict: Narrative
    judgements: tuple[CandidateSummary, ...]
    champion: CandidateSummary
    model: ModelDetails
    population: str
    rows: str
    level: str
    figures_level: str
    test_rows: str
    forests: tuple[Forest, ...]
    attributes: tuple[AttributeTables, ...]
    pairs: tuple[PairsSummary, ...]
    lowest_outcome: OutcomeGap | None
    undisclosed: tuple[str, ...]
    frontier: Frontier
    stability: StabilitySummary | None
    features: FeaturesTable
    data: DatasetSummary
    waivers: tuple[WaiverRow, ...]
    better: tuple[BetterCandidate, ...]
    """Candidates that do not go forward although they are better than the incumbent."""
    fairness: Fairness
    limits: dict[str, Limit]
    learning: LearningReport | None = None
    """None in a model card, which is written before it is known, and for a run of before it was measured."""


def read_facts(contract: Path, reports: Path, waivers: Path) -> ReportFacts:
    """Read the facts of the run whose reports these are. Raises CreditError that names a missing file."""
    return collect_facts(read_results(contract, reports, waivers))


def collect_facts(results: Results) -> ReportFacts:
    """Collect all facts of one run."""
    candidates = describe_candidates(results)
    champion = next(one for one in candidates if one.champion)
    judged = results.judged[champion.name]
    return ReportFacts(
        contract=results.contract,
        contract_sha256=results.contract_sha256,
        outcome=_describe_favourable_outcome(results.contract.columns[results.contract.label]),
        verdict=compose_narrative(results),
        judgements=candidates,
        champion=champion,
        model=_describe_model(results.candidates[champion.name], results.contract),
        population=judged.predictions,
        rows=f"{judged.rows:,}",
        level=format_percent(judged.level, 0),
        figures_level=format_percent(judged.figures_level, 0),
        test_rows=f"{results.metrics[champion.name].rows:,}",
        forests=draw_forests(results),
        attributes=build_groups_tables(results),
        pairs=summarise_pairs(results),
        lowest_outcome=find_lowest_outcome(results),
        undisclosed=tuple(f"{item.reason}." for item in judged.undisclosed if item.share),
        frontier=describe_frontier(results),
        stability=describe_stability(results),
        features=build_features_table(results),
        data=describe_dataset(results),
        waivers=_build_waivers_table(results),
        better=tuple(one for one in results.choice.better if one.candidate != champion.name),
        fairness=results.fairness,
        limits=results.fairness.chosen_policy.limits,
    )


def _describe_favourable_outcome(label: Column) -> str:
    """Describe the favourable outcome in the contract's words."""
    value = label.favourable
    if isinstance(value, bool):
        return label.description if value else f"not: {label.description}"
    return f"{label.description}: {value}"


def _describe_model(candidate: CandidateReport, contract: Contract) -> ModelDetails:
    policy, hyperparameters = candidate.policy, dict(candidate.hyperparameters)
    if candidate.candidate == HEURISTIC and contract.rule:
        trained = contract.rule.model_copy(update={"threshold": hyperparameters.pop("threshold")})
        hyperparameters = {"passes": str(trained), **hyperparameters}
    return ModelDetails(
        {spell_out(name): "not set" if value is None else f"{value}" for name, value in hyperparameters.items()},
        candidate.features,
        "no score: it approves nobody" if policy.approve_from is None else format_number(policy.approve_from),
        format_number(policy.refer_from),
    )


def _describe_use(finding: Finding) -> str:
    if finding.waiver and finding.waiver.used:
        return "yes"
    return "no, a fail needs a second person's name" if finding.blocks else "no, the finding does not block"


def _build_waivers_table(results: Results) -> tuple[WaiverRow, ...]:
    findings = [item for judged in results.judged.values() for item in judged.findings]
    used = {item.waiver.file: _describe_use(item) for item in findings if item.waiver}
    return tuple(
        WaiverRow(
            file.rpartition("/")[2],
            label_candidate(one.candidate),
            f"{spell_out(one.measure)} of {results.name_group(one.attribute, one.group)}",
            one.signatures,
            one.why,
            one.until.isoformat(),
            used.get(file, "no, nothing is judged by it"),
        )
        for file, one in results.waivers.items()
    )
