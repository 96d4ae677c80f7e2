"""Select who is judged, and the features of each fold on the rows outside it, so that no fold chooses its own.

All rows are judged, out of fold, with the whole pipeline inside the fold, until the test rows alone are enough: until
unequal treatment of each primary group would be found among them as likely as it is planned for. A small table always
is, because figures of some hundreds of test rows turn with the salt of the split. A table that was split by time is
judged on its test rows, as nobody may be judged by rows from later.
`reports/predictions.json` says which it was, and why. All candidates share the folds, of `predict` and of `rescore`,
so this is done once for them.
"""

from pathlib import Path

import pandas as pd

from credit.common.cli import make_stage
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.data.splitting import SplitParams, assign_folds
from credit.data.tables import is_favourable, open_table, read_frame
from credit.evaluation.partitions import name_salt
from credit.evaluation.predictions import map_people_columns
from credit.fairness.policies import Fairness
from credit.fairness.power.weakest_group import find_weakest_group
from credit.reports.predictions import PartitionFeatures, PredictionsReport
from credit.selection.fold_features import PredictParams, SelectInFoldsParams, select_in_folds
from credit.selection.selection import SelectFeaturesParams


def choose_predictions(
    params: PredictParams, split: SplitParams, contract: Contract, rows: int, test: Path
) -> tuple[bool, str]:
    """Choose whether everybody, all accepted `rows`, is scored out of fold; also return why."""
    if split.by == "time":
        return False, "split by time: nobody is judged by a model that has seen later people"
    if params.out_of_fold != "until_power":
        return params.out_of_fold == "always", f"predict.out_of_fold is {params.out_of_fold}"
    if rows <= params.out_of_fold_up_to:
        return (
            True,
            f"{rows:,} accepted rows, at most {params.out_of_fold_up_to:,}: test rows turn with the split",
        )
    fairness = read_params(Fairness, "fairness")
    frame = read_frame(test, list(dict.fromkeys([*contract.protected, contract.label])))
    rules, favourable = fairness.rules, is_favourable(contract, frame)
    weakest = find_weakest_group(contract, frame, favourable, fairness.chosen_policy, rules)
    if weakest is None:
        return False, "no group is compared with another"
    told = (
        f"with {weakest.people:,} test rows of {weakest.words}, {rules.planned_ratio:.0%} of its reference's approvals "
        f"would be found with {weakest.chance:.0%}"
    )
    if weakest.chance < rules.planned_power:
        return True, f"{told}, less than {rules.planned_power:.0%}"
    return False, f"{told}, and any other group more likely"


def select_in_partitions(
    contract: Contract, selection: SelectFeaturesParams, accepted: Path, frame: pd.DataFrame, folds: int
) -> list[list[list[str]]]:
    """Select features in the folds of each further partition that `rescore` scores; of none in a very large table."""
    params = read_params(SelectInFoldsParams, "select_in_folds")
    if len(frame) > params.up_to:
        return []
    return [
        select_in_folds(contract, selection, frame, assign_folds(contract, accepted, folds, name_salt(number)))
        for number in range(1, params.partitions)
    ]


@make_stage(__doc__)
def run(contract_file: Path, accepted_file: Path, test_file: Path, report_file: Path, features_file: Path) -> None:
    """Write `reports/predictions.json` and `data/partition_features.json`."""
    params, split = read_params(PredictParams, "predict"), read_params(SplitParams, "split")
    selection = read_params(SelectFeaturesParams, "select_features")
    table = open_table(accepted_file)
    contract = load_contract(contract_file).bind(table.schema_arrow.names, str(accepted_file))
    folded, why = choose_predictions(params, split, contract, table.metadata.num_rows, test_file)
    if folded:
        frame = read_frame(accepted_file, [*contract.features, contract.label, *map_people_columns(contract).values()])
        codes = assign_folds(contract, accepted_file, params.folds, params.salt)
        kept = select_in_folds(contract, selection, frame, codes)
        further = select_in_partitions(contract, selection, accepted_file, frame, params.folds)
        report = PredictionsReport(
            predictions="out of fold", why=why, rows=len(frame), kept_in_folds=tuple(map(tuple, kept))
        )
    else:
        further = []
        rows = open_table(test_file).metadata.num_rows
        report = PredictionsReport(predictions="test rows", why=why, rows=rows, kept_in_folds=())
    report.write(report_file)
    PartitionFeatures(kept=tuple(tuple(map(tuple, kept)) for kept in further)).write(features_file)
    print(f"{report.rows:,} rows are judged, {report.predictions} ({why})")
