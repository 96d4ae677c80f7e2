"""The data: rows, quarantine, features, and how well these guess the label and protected attributes."""

from typing import NamedTuple

from credit.bundle.place_reasons import find_column, read_feature
from credit.common.formatting import DASH, format_number, format_percent, spell_out
from credit.contract import Contract
from credit.report.results import Results
from credit.reports.features import FeatureVerdict
from credit.reports.validation import FoldedLevels


class FeatureRow(NamedTuple):
    """One feature: kept or dropped and why, how well it guesses the label, and how well each protected attribute."""

    name: str
    description: str
    kept: bool
    verdict: str
    auc: str
    missing: str
    proxies: tuple[str, ...]
    expected: str
    is_place: bool


class FeaturesTable(NamedTuple):
    """All features. `together`: how well those kept guess each group, of all attributes."""

    attributes: tuple[str, ...]
    rows: tuple[FeatureRow, ...]
    kept: int
    together: dict[str, str]

    @property
    def places(self) -> tuple[str, ...]:
        """The features about a place that are kept."""
        return tuple(row.name for row in self.rows if row.is_place and row.kept)

    def is_about_place(self, code: str) -> bool:
        """Tell whether a reason is about a place, by its code; also one of a rule, whose feature no model keeps."""
        return read_feature(code) in {row.name for row in self.rows if row.is_place}


class DatasetSummary(NamedTuple):
    """Rows, why some are in quarantine, folded levels, missing values, and how many people there are of each group."""

    rows: str
    accepted: str
    quarantined: str
    reasons: tuple[tuple[str, str, str, str], ...]
    folded: tuple[tuple[str, str, str, str], ...]
    missing: dict[str, str]
    labels: dict[str, str]
    groups: dict[str, dict[str, str]]
    origin: dict[str, str]


def build_features_table(results: Results) -> FeaturesTable:
    """Build the table of features from `reports/features.json`."""
    report = results.features
    names = tuple(results.contract.protected)
    return FeaturesTable(
        tuple(map(spell_out, names)),
        tuple(_build_feature_row(row, names, results.contract) for row in report.features),
        len(report.kept),
        {
            results.name_group(attribute, group): format_number(auc)
            for attribute, groups in report.all_together_guess.items()
            for group, auc in groups.items()
        },
    )


def _build_feature_row(row: FeatureVerdict, attributes: tuple[str, ...], contract: Contract) -> FeatureRow:
    column = find_column(contract, row.feature)
    return FeatureRow(
        row.feature,
        column.description if column else DASH,
        row.is_kept,
        row.verdict,
        format_number(row.auc),
        format_percent(row.missing),
        tuple(format_number(row.proxy.get(name)) for name in attributes),
        (column.more_is if column else None) or DASH,
        row.about == "place",
    )


def describe_dataset(results: Results) -> DatasetSummary:
    """Describe the dataset from `reports/validation.json` and the provenance."""
    report, label = results.validation, results.contract.columns[results.contract.label]
    origin = results.provenance.dump() if results.provenance else {}
    return DatasetSummary(
        f"{report.rows:,}",
        f"{report.accepted:,}",
        f"{report.quarantined:,}",
        tuple((one.column, one.allowed, f"{one.rows:,}", one.example or DASH) for one in report.reasons),
        tuple((one.column, _name_levels(one), one.into, f"{one.rows:,}") for one in report.folded),
        {name: f"{count:,}" for name, count in report.missing.items()},
        {label.name_value(name): f"{count:,}" for name, count in report.labels.items()},
        {
            spell_out(attribute): {results.label_group(attribute, name): f"{count:,}" for name, count in groups.items()}
            for attribute, groups in report.groups.items()
        },
        {key: f"{value:,}" if isinstance(value, int) else value for key, value in origin.items()
         if isinstance(value, str | int)},
    )  # fmt: skip


def _name_levels(folded: FoldedLevels) -> str:
    named = ", ".join(f"{level} ({rows:,})" for level, rows in folded.levels.items())
    return f"new: {named or 'not shown'}" if folded.is_new else named or "not shown"
