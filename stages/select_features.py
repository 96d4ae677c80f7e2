"""Choose what the models may see, on the training rows; say why; measure how well it would guess who somebody is.

Every candidate feature stands in `reports/features.json` on a line of its own, so that a diff shows what came, what
went and why. The table is read a column at a time, so thousands of columns are fine.
"""

from functools import partial
from typing import Any

import pandas as pd

from credit.common.files import round_floats, write_json
from credit.common.params import parse_arguments, read_params
from credit.contract import Contract, load_contract
from credit.data.tables import make_frame, open_table
from credit.selection.proxies import measure_joint_proxy
from credit.selection.selection import ColumnReader, SelectFeaturesParams, select_features


def report_selection(contract: Contract, params: SelectFeaturesParams, read: ColumnReader) -> dict[str, Any]:
    """The content of the report; `read(name)` gives one column of the training rows."""
    selection = select_features(contract, params, read)
    together = measure_joint_proxy(contract, selection.kept, read, params.sample, params.min_group, params.seed)
    features = [
        {
            "feature": c.name,
            "verdict": selection.verdicts[c.name],
            "auc": c.auc,
            "missing": c.missing,
            "proxy": c.proxies,
        }
        for c in selection.measured
    ]
    return {"label": contract.label, "kept": selection.kept, "all_together_guess": together, "features": features}


def main() -> None:
    """Write `reports/features.json`."""
    args = parse_arguments(__doc__, "contract", "train", "features")
    params = read_params(SelectFeaturesParams, "select_features")
    table = open_table(args.train)
    contract = load_contract(args.contract).bind(table.schema_arrow.names, str(args.train))
    content = report_selection(contract, params, partial(_read_column, table))
    write_json(args.features, round_floats(content, 3))
    print(f"{len(content['kept'])} of {len(content['features'])} features kept; all together they guess:")
    for attribute, aucs in content["all_together_guess"].items():
        print(f"  {attribute}: " + ", ".join(f"{group} AUC {auc:.2f}" for group, auc in aucs.items()))


def _read_column(table: Any, name: str) -> pd.Series:
    return make_frame(table.read(columns=[name]))[name]
