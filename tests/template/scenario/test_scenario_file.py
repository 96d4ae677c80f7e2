import math

import pandas as pd
import pytest
from pydantic import ValidationError
from scenario_files import HIDDEN, changed

from credit.contract import load_contract
from scenario.generate import generate
from scenario.params import ScenarioParams
from testing.lenders.frozen import LENDER

CONTRACT = LENDER / "data/contracts/scenario.yaml"


def test_the_same_params_give_the_same_bytes_and_another_seed_gives_others(tmp_path):
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        generate(ScenarioParams(rows=20_000, seed=seed, noise=3, redundant=8), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()


@pytest.mark.parametrize("rows", [1, 100, 8192, 8193])
def test_a_bigger_file_begins_with_the_smaller_one(tmp_path, rows):
    generate(ScenarioParams(rows=rows, noise=2), tmp_path / "small")
    generate(ScenarioParams(rows=20_000, noise=2), tmp_path / "big")
    small = (tmp_path / "small").read_bytes()
    assert small.count(b"\n") == rows + 1
    assert (tmp_path / "big").read_bytes().startswith(small)


def test_more_noise_columns_leave_every_other_column_as_it_was(draw):
    few, many = draw(rows=500, noise=1, redundant=2), draw(rows=500, noise=3, redundant=9)
    pd.testing.assert_frame_equal(many[few.columns], few)


def test_thousands_of_columns_can_be_asked_for(tmp_path):
    generate(ScenarioParams(rows=50, noise=1500, redundant=1000), tmp_path / "wide.csv")
    header, first = (tmp_path / "wide.csv").read_text().splitlines()[:2]
    assert header.endswith("redundant_0999,redundant_1000")
    assert first.count(",") == header.count(",") == 17 + 2500 - 1


def test_a_failed_run_leaves_the_earlier_file_and_no_draft(tmp_path, monkeypatch):
    target = tmp_path / "scenario.csv"
    generate(ScenarioParams(rows=10), target)
    before = target.read_bytes()
    monkeypatch.setattr("scenario.generate._build_table", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        generate(ScenarioParams(rows=20), target)
    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]


def test_the_file_is_as_its_contract_says(draw):
    params = changed(bias={}, noise=2, redundant=2, drift={"covariate": -1})
    frame = draw(params)
    frame = frame.drop(columns=[*HIDDEN, "approved", "age_band"])
    contract = load_contract(CONTRACT).bind(frame.columns, "scenario.csv")
    for name, column in contract.raw.items():
        values = frame[name].dropna()
        assert column.missing == "allowed" or len(values) == len(frame), name
        if column.allowed:
            assert set(values) == set(column.allowed), name
        if column.range:
            low, high = (bound if bound is not None else math.inf for bound in column.range)
            assert low <= values.min(), name
            assert values.max() <= high, name
    assert set(frame.repaid) == {0, 1}
    assert frame.application_id.is_unique


def test_every_feature_of_the_contract_has_a_reason_for_the_applicant():
    contract = load_contract(CONTRACT)
    described = {**contract.features, **contract.families}
    assert [name for name, column in described.items() if not column.reason] == []


def test_age_bands_are_cut_at_25_and_62_and_missing_ages_get_none():
    import duckdb

    sql = load_contract(CONTRACT).columns["age_band"].sql
    ages = "(values (18), (24), (25), (61), (62), (90), (null)) as ages(age)"
    assert duckdb.sql(f"select {sql} from {ages}").fetchall() == [
        ("under 25",),
        ("under 25",),
        ("25 to 61",),
        ("25 to 61",),
        ("62 and over",),
        ("62 and over",),
        (None,),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": 0},
        {"rwos": 5},
        {"seed": -1},
        {"noise": 10_000},
        {"first_day": "2024-01-01", "last_day": "2024-01-01"},
        {"applicants_from": 51},
        {"no_score": 0.2},
        {"bias": {"score": {"purple": 10}}},
        {"bias": {"score": {"Black": 301}}},
        {"bias": {"label": {"woman": 1.01}}},
        {"bias": {"proxy": float("nan")}},
        {"drift": {"starts": 1}},
        {"drift": {"group_mix": -0.1}},
        {"drift": {"concept": float("inf")}},
    ],
    ids=str,
)
def test_params_out_of_range_or_misspelt_are_refused(wrong):
    with pytest.raises(ValidationError):
        ScenarioParams.model_validate(wrong)


def test_params_survive_json():
    params = ScenarioParams(rows=5, bias={"score": {"non-binary": 30}})
    assert ScenarioParams.model_validate_json(params.model_dump_json()) == params
