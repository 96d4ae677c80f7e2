"""Choose what the models may see, on the training rows; say why; measure how well it would guess who somebody is.

Every candidate feature stands in `reports/features.json` on a line of its own, so that a diff shows what came, what
went and why. The table is read a column at a time, so thousands of columns are fine.
"""

from functools import partial
from typing import Any

import pandas as pd

from credit.common.files import rounded, write_json
from credit.common.params import arguments, read_params
from credit.contract import Contract, load_contract
from credit.data.tables import frame_of, open_table
from credit.selection.proxies import guess_together
from credit.selection.selection import Read, SelectFeatures, select


def report(contract: Contract, params: SelectFeatures, read: Read) -> dict[str, Any]:
    """The content of the report; `read(name)` gives one column of the training rows."""
    selection = select(contract, params, read)
    together = guess_together(contract, selection.kept, read, params.sample, params.min_group, params.seed)
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
    args = arguments(__doc__, "contract", "train", "features")
    params = read_params(SelectFeatures, "select_features")
    table = open_table(args.train)
    contract = load_contract(args.contract).bound_to(table.schema_arrow.names, str(args.train))
    content = report(contract, params, partial(_column, table))
    write_json(args.features, rounded(content, 3))
    print(f"{len(content['kept'])} of {len(content['features'])} features kept; all together they guess:")
    for attribute, aucs in content["all_together_guess"].items():
        print(f"  {attribute}: " + ", ".join(f"{group} AUC {auc:.2f}" for group, auc in aucs.items()))


def _column(table: Any, name: str) -> pd.Series:
    return frame_of(table.read(columns=[name]))[name]
