"""What the data is, what was set aside, and what the features are and give away."""

import re
from typing import NamedTuple

from credit.common.formatting import DASH, number, percent, words
from credit.contract import Contract
from credit.report.results import Json, Results


class Feature(NamedTuple):
    """One feature: kept or dropped and why, how well it guesses the label, and how well each protected attribute."""

    name: str
    description: str
    kept: bool
    verdict: str
    auc: str
    missing: str
    proxies: tuple[str, ...]


class Features(NamedTuple):
    """All features. `together`: how well those kept guess each group, of all attributes."""

    attributes: tuple[str, ...]
    rows: tuple[Feature, ...]
    kept: int
    together: dict[str, str]


class Data(NamedTuple):
    """Rows, why some were set aside, what is missing, and how many people there are of each group."""

    rows: str
    accepted: str
    quarantined: str
    reasons: tuple[tuple[str, str, str, str], ...]
    missing: dict[str, str]
    labels: dict[str, str]
    groups: dict[str, dict[str, str]]
    origin: dict[str, str]


def features(results: Results) -> Features:
    """What `reports/features.json` says."""
    told = results.features
    names = tuple(results.contract.protected)
    return Features(
        tuple(map(words, names)),
        tuple(_feature(row, names, results.contract) for row in told["features"]),
        len(told["kept"]),
        {
            f"{group} ({words(attribute)})": number(auc)
            for attribute, groups in told["all_together_guess"].items()
            for group, auc in groups.items()
        },
    )


def _feature(row: Json, attributes: tuple[str, ...], contract: Contract) -> Feature:
    return Feature(
        row["feature"],
        _description(row["feature"], contract),
        row["verdict"] == "kept",
        row["verdict"],
        number(row["auc"]),
        percent(row["missing"]),
        tuple(number((row["proxy"] or {}).get(name)) for name in attributes),
    )


def _description(name: str, contract: Contract) -> str:
    family = (one for one in contract.families.values() if re.fullmatch(one.pattern, name))
    column = contract.columns.get(name) or next(family, None)
    return column.description if column else DASH


def data(results: Results) -> Data:
    """What `reports/validation.json` and the provenance say."""
    told = results.validation
    origin = results.provenance or {}
    return Data(
        f"{told['rows']:,}",
        f"{told['accepted']:,}",
        f"{told['quarantined']:,}",
        tuple((one["column"], one["allowed"], f"{one['rows']:,}", one["example"]) for one in told["reasons"]),
        {name: f"{count:,}" for name, count in told["missing"].items()},
        {name: f"{count:,}" for name, count in told["labels"].items()},
        {
            words(attribute): {group: f"{count:,}" for group, count in groups.items()}
            for attribute, groups in told["groups"].items()
        },
        {key: f"{value:,}" if isinstance(value, int) else value for key, value in origin.items()
         if isinstance(value, str | int)},
    )  # fmt: skip
