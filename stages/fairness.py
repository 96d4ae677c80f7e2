"""Judge how each candidate treats each protected group: figures with intervals, and verdicts.

A policy of params.yaml sets the limits, `waivers/` lets findings through. One file per candidate, a line
per finding and per group, so that a diff shows whom a change is about.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from credit.common.candidate_names import HEURISTIC
from credit.common.cli import make_stage
from credit.common.errors import raise_if_any
from credit.common.params import read_params
from credit.contract import load_contract
from credit.evaluation.candidates import read_candidate_names, remove_retired_files
from credit.fairness.counts import PeopleCounts
from credit.fairness.figures import compute_fairness_metrics
from credit.fairness.findings import judge_fairness
from credit.fairness.group_comparison import list_judged_groups
from credit.fairness.partitions import count_people_in
from credit.fairness.policies import Fairness
from credit.fairness.power.operating_characteristics import compute_operating_characteristics
from credit.fairness.waivers import Waiver, check_waivers, find_overlong, load_waivers
from credit.reports.fairness import FairnessReport
from credit.reports.figures import group_key
from credit.reports.predictions import JudgedOn, PredictionsReport


def judge_candidate(
    counts: PeopleCounts, params: Fairness, name: str, waivers: Mapping[str, Waiver], today: date, on: JudgedOn
) -> FairnessReport:
    """Judge one candidate: verdict, findings, and the figures of every group and pair. `on`: who is judged."""
    verdict = judge_fairness(counts, params.chosen_policy, params.rules, name, waivers, today)
    figures = compute_fairness_metrics(counts, params.report_level)
    return FairnessReport(
        policy=params.policy,
        predictions=on,
        rows=figures.rows,
        **{name: value for name, value in verdict if name in verdict.model_fields_set},
        operating_characteristics=compute_operating_characteristics(counts, params.chosen_policy, params.rules),
        figures_level=figures.level,
        groups={
            group_key(attribute, group): of
            for part in (figures.attributes, figures.pairs)
            for attribute, content in part.items()
            for group, of in content.groups.items()
        },
    )


@make_stage(__doc__)
def run(
    contract_file: Path, predictions_folder: Path, predicted_file: Path, waivers_folder: Path, reports_folder: Path
) -> None:
    """Write `reports/fairness/<candidate>.json`."""
    params = read_params(Fairness, "fairness")
    contract = load_contract(contract_file)
    waivers = load_waivers(waivers_folder)
    on = PredictionsReport.read(predicted_file).predictions
    files = {name: predictions_folder / f"{name}.parquet" for name in read_candidate_names()}
    counts = {name: count_people_in(file, contract) for name, file in files.items()}
    today = date.today()
    groups = list_judged_groups(counts[HEURISTIC], params.chosen_policy, params.rules)
    check_waivers(waivers, list(counts), groups, params.chosen_policy, today)
    raise_if_any(find_overlong(waivers, today, params.waivers.longest))
    remove_retired_files(list(counts), reports_folder, predictions_folder)
    for name, people in counts.items():
        report = judge_candidate(people, params, name, waivers, today, on)
        report.round_floats().write(reports_folder / f"{name}.json")
        counted = ", ".join(f"{times} {verdict}" for verdict, times in report.verdicts.items())
        print(f"{name}: {'blocked' if report.blocks else 'not blocked'} by {params.policy} ({counted})")
