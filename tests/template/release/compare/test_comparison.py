"""The JSON of a comparison is an interface: its keys and their order stay, and it can be read back."""

import json
from pathlib import Path
from typing import Any

import pytest

from release.compare.comparison import Comparison, compare_revisions
from release.repository.revision import resolve_revisions
from testing.report_edits import Edit

SIDE = "name commit champion why eligible verdict unsigned_failures against"
METRIC = "figure base head change interval seed_band beyond_noise"
GROUP = "attribute group words people selection_rate ratio intervals verdicts seed_band"
KEYS = {
    "": "base head problems unread waivers candidates champion_metrics metrics fairness people measured features data "
    "params",
    "base": SIDE,
    "head": SIDE,
    "candidates 0": "candidate eligible verdict roc_auc lowest_ratio lowest_group",
    "candidates 0 lowest_ratio 1": "value interval attribute group people",
    "champion_metrics 0": METRIC,
    "metrics 0": f"candidate {METRIC}",
    "fairness": "champion heuristic logistic random_forest",
    "fairness champion 0": GROUP,
    "fairness logistic 0": GROUP,
    "people": "why_not",
    "features": "added dropped kept new_proxies new_places",
    "features new_proxies 0": "feature attribute auc",
    "data": "contract contract_changed counts changed",
    "data counts": "rows accepted quarantined train test",
}


@pytest.fixture
def comparison(edit: Edit) -> Comparison:
    """The repository beside itself with one more proxy."""
    edit(
        "features.json",
        lambda file: next(r for r in file["features"] if r["feature"] == "liq")["proxy"].update(race=0.7),
    )
    return compare_revisions(*resolve_revisions("HEAD", None, merge_base=False))


def select(content: Any, path: str) -> Any:
    for key in path.split():
        content = content[int(key) if isinstance(content, list) else key]
    return content


def test_the_json_has_these_keys_in_this_order(comparison: Comparison) -> None:
    content = comparison.dump()
    assert {path: " ".join(select(content, path)) for path in KEYS} == KEYS


def test_a_value_of_both_sides_is_a_list_of_two(comparison: Comparison) -> None:
    content = comparison.dump()
    assert content["data"]["counts"]["rows"] == [1989, 1989]
    assert content["fairness"]["champion"][0]["verdicts"] == [None, None]


def test_the_json_is_read_back_as_the_same_comparison(comparison: Comparison) -> None:
    assert Comparison.parse(json.dumps(comparison.dump()), "the comparison") == comparison


def test_params_that_json_has_no_type_for_are_text(edit: Edit) -> None:
    path = Path("params.yaml")
    path.write_text(path.read_text() + "reviewed: 2026-11-26\n")
    content = compare_revisions(*resolve_revisions("HEAD", None, merge_base=False)).dump()
    assert content["params"] == {"reviewed": [None, "2026-11-26"]}


def test_params_that_name_no_dataset_are_compared(edit: Edit) -> None:
    path = Path("params.yaml")
    path.write_text("data: loanapp\n")
    content = compare_revisions(*resolve_revisions("HEAD", None, merge_base=False)).dump()
    assert content["data"]["contract"] == ["data/contracts/loanapp.yaml", "data/contracts/None.yaml"]
