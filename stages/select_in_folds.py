"""Select who is judged, and the features of each fold on the rows outside it, so that no fold chooses its own.

A small table is judged out of fold, all rows of it, with the whole pipeline inside the fold: among some hundreds of
test rows a group is soon too small to judge, and the verdict turns with the salt of the split. A large table is judged
on its test rows; so is one that was split by time, where nobody may be judged by rows from later.
`reports/predictions.json` says which it was, and why. All candidates share the folds, so this is done once for them.
"""

from pathlib import Path

from credit.common.cli import make_stage
from credit.common.params import read_params
from credit.contract import load_contract
from credit.data.splitting import SplitParams, assign_folds
from credit.data.tables import open_table, read_frame
from credit.evaluation.predictions import map_people_columns
from credit.reports.predictions import PredictionsReport
from credit.selection.fold_features import PredictParams, select_in_folds
from credit.selection.selection import SelectFeaturesParams


@make_stage(__doc__)
def run(contract_file: Path, accepted_file: Path, test_file: Path, report_file: Path) -> None:
    """Write `reports/predictions.json`."""
    params, split = read_params(PredictParams, "predict"), read_params(SplitParams, "split")
    selection = read_params(SelectFeaturesParams, "select_features")
    table = open_table(accepted_file)
    contract = load_contract(contract_file).bind(table.schema_arrow.names, str(accepted_file))
    folded, why = params.choose_predictions(table.metadata.num_rows, split)
    if folded:
        frame = read_frame(accepted_file, [*contract.features, contract.label, *map_people_columns(contract).values()])
        codes = assign_folds(contract, accepted_file, params.folds, params.salt)
        kept = select_in_folds(contract, selection, frame, codes)
        report = PredictionsReport(
            predictions="out of fold", why=why, rows=len(frame), kept_in_folds=tuple(map(tuple, kept))
        )
    else:
        rows = open_table(test_file).metadata.num_rows
        report = PredictionsReport(predictions="test rows", why=why, rows=rows, kept_in_folds=())
    report.write(report_file)
    print(f"{report.rows:,} rows are judged, {report.predictions} ({why})")
