"""Choose the features on the training rows, with reasons; measure how well they guess protected attributes.

A feature that guesses the label nearly always stops the stage until the contract vouches for it. Every candidate
feature has a line of its own in `reports/features.json`, so that a diff shows what came, what went and why. The table
is read a column at a time, so thousands of columns are fine.
"""

from functools import partial
from pathlib import Path
from typing import Any

from credit.common.cli import make_stage
from credit.common.errors import raise_if_any
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.contract.columns import Column
from credit.contract.groups import list_group_labels
from credit.data.table_parts import find_whole, read_column
from credit.data.tables import open_table
from credit.reports.features import FeaturesReport, FeatureVerdict
from credit.reports.figures import label_group
from credit.selection.leaks import describe_leaks, find_suspects
from credit.selection.proxies import measure_joint_proxy
from credit.selection.selection import ColumnReader, SelectFeaturesParams, select_features


def build_selection_report(
    contract: Contract, params: SelectFeaturesParams, read: ColumnReader, file: str
) -> FeaturesReport:
    """Select features and describe the choice; `read(name)` gives one column of the training rows.

    Raises CreditError for every feature that guesses the label so well that it must be a leak, unless the contract,
    `file`, vouches for it. Only here: on the fewer rows of a fold chance would stop `predict`.
    """
    selection = select_features(contract, params, read)
    suspects = find_suspects(selection.measured, params.max_auc)
    raise_if_any(describe_leaks(contract, suspects, params.max_auc or 1, len(read(contract.label)), file))
    for one in suspects:
        print(f"{one.name} guesses {contract.label} with AUC {one.guess:.3f}: known at the decision, the contract says")
    together = measure_joint_proxy(contract, selection.kept, read, params.sample, params.min_group, params.seed)
    features = tuple(
        FeatureVerdict(
            feature=one.name,
            verdict=selection.verdicts[one.name],
            auc=one.auc,
            missing=one.missing,
            proxy=one.proxies,
            **_describe_subject(contract.columns[one.name]),
        )
        for one in selection.measured
    )
    return FeaturesReport(
        label=contract.label, kept=tuple(selection.kept), all_together_guess=together, features=features
    )


def _describe_subject(column: Column) -> dict[str, Any]:
    return {"about": column.about} if column.about else {}


@make_stage(__doc__)
def run(contract_file: Path, train_file: Path, features_file: Path) -> None:
    """Write `reports/features.json`."""
    params = read_params(SelectFeaturesParams, "select_features")
    contract = load_contract(contract_file).bind(open_table(train_file).schema_arrow.names, str(train_file))
    read = partial(read_column, find_whole(train_file))
    report = build_selection_report(contract, params, read, contract.file or str(contract_file))
    report.round_floats(3).write(features_file)
    if places := [one.feature for one in report.features if one.is_kept and one.about == "place"]:
        print(f"about a place, and so about who lives there: {', '.join(places)}; select_features.keep_places")
    print(f"{len(report.kept)} of {len(report.features)} features kept; all together they guess:")
    labels = list_group_labels(contract)
    for attribute, aucs in report.all_together_guess.items():
        print(
            f"  {attribute}: "
            + ", ".join(f"{label_group(labels, attribute, group)} AUC {auc:.2f}" for group, auc in aucs.items())
        )
