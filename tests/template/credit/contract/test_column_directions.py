"""What a contract says about the direction of a feature, and what it refuses."""

from pathlib import Path

import pytest

from credit.common.errors import CreditError
from credit.contract import Contract, load_contract
from credit.contract.completeness import find_gaps
from credit.contract.loading import outline_contract
from credit.contract.view import strip_words
from credit.scoring.design_matrix import list_design_columns, list_directions

BASE = """\
name: loans
row: one application
source: {title: t, licence: l, citation: c}
columns:
  approved: {type: boolean, role: label, favourable: true, description: d}
  race: {type: category, role: protected, allowed: [green, blue], reference: green, description: d}
"""


def load(tmp_path: Path, *columns: str, rest: str = "") -> Contract:
    file = tmp_path / "loans.yaml"
    file.write_text(BASE + "".join(f"  {column}\n" for column in columns) + rest)
    return load_contract(file)


def refuse(tmp_path: Path, *columns: str, rest: str = "") -> str:
    with pytest.raises(CreditError) as caught:
        load(tmp_path, *columns, rest=rest)
    return str(caught.value)


def test_each_design_column_has_the_direction_of_its_feature_and_a_missing_value_has_none(tmp_path: Path) -> None:
    """Of a category in order the last level has the direction, the first the opposite, one between neither."""
    contract = load(
        tmp_path,
        "income: {type: number, role: feature, more_is: better, missing: allowed, description: d}",
        "debt: {type: number, role: feature, more_is: worse, description: d}",
        "term: {type: number, role: feature, description: d}",
        "home: {type: category, allowed: [none, rent, own], role: feature, more_is: better, description: d}",
        "late: {type: boolean, role: feature, more_is: worse, description: d}",
    )
    features = ["income", "debt", "term", "home", "late"]
    found = dict(zip(list_design_columns(contract, features), list_directions(contract, features), strict=True))
    assert found == {
        "income": 1,
        "income is missing": 0,
        "debt": -1,
        "term": 0,
        "home=none": -1,
        "home=rent": 0,
        "home=own": 1,
        "late": -1,
    }


def test_without_a_direction_there_is_nothing_to_keep_to(tmp_path: Path) -> None:
    contract = load(tmp_path, "term: {type: number, role: feature, description: d}")
    assert list_directions(contract, ["term"]) == ()


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (
            "x: {type: number, role: ignored, because: b, more_is: better, description: d}",
            "found `more_is` on a column",
        ),
        ("x: {type: number, role: ignored, because: b, about: place, description: d}", "found `about` on a column of"),
        ("x: {type: number, role: feature, more_is: higher, description: d}", "columns.x.more_is: found 'higher'"),
        ("x: {type: number, role: feature, about: people, description: d}", "columns.x.about: found 'people'"),
        ("x: {type: number, role: feature, reason: {low: a}, description: d}", "found ['low'] in `reason`, expected"),
        ("x: {type: number, role: feature, reason: [a, b], description: d}", "found the reason ['a', 'b'], expected a"),
        ("x: {type: number, role: feature, reason: {too_low: 7}, description: d}", "expected a text, or {too_low:"),
        (
            "x: {type: boolean, role: feature, reason: {too_low: a, too_high: b}, description: d}",
            "found a reason by side on type boolean, expected one text; only numbers have sides",
        ),
        (
            "x: {type: number, role: feature, reason: {too_low: a}, description: d}",
            "found a reason by side ['too_low'] without `more_is`, expected the sides ['too_low', 'too_high']",
        ),
        (
            "x: {type: number, role: feature, more_is: better, reason: {too_low: a, too_high: b}, description: d}",
            "found a reason by side ['too_low', 'too_high'] with `more_is: better`, expected the sides ['too_low']",
        ),
        (
            "x: {type: number, role: feature, more_is: worse, missing: allowed, reason: {too_high: b}, description: d}",
            "found a reason by side without `reason_if_missing`",
        ),
    ],
)
def test_a_direction_or_a_side_that_cannot_be_is_refused(tmp_path: Path, column: str, told: str) -> None:
    message = refuse(tmp_path, "income: {type: number, role: feature, description: d}", column)
    assert told in message
    assert "\n" not in message


def test_a_rule_against_the_direction_of_its_column_is_refused(tmp_path: Path) -> None:
    debt = "debt: {type: number, role: feature, more_is: worse, description: d}"
    rule = "rule: {sql: debt, threshold: 36, approve: at_least}\n"
    assert "rule.approve: found approve at_least, and `more_is: worse` on debt" in refuse(tmp_path, debt, rest=rule)
    assert load(tmp_path, debt, rest=rule.replace("at_least", "at_most")).rule
    score = "score: {type: integer, role: score, threshold: 6, more_is: worse, description: d}"
    assert "columns.score.more_is: found `more_is: worse` on the score" in refuse(tmp_path, score)
    assert load(tmp_path, score.replace("worse", "better")).rule


def test_a_side_without_words_is_a_gap_and_one_in_question_is_open(tmp_path: Path) -> None:
    file = tmp_path / "loans.yaml"
    score = "score: {type: number, role: score, threshold: 1, reason: Your score, description: d}"
    column = '  income: {type: number, role: feature, more_is: better, reason: {too_low: "%s"}, description: d}\n'
    for words, gaps, problems in (("Low", 0, 0), (" ", 1, 0), ("? Low", 0, 1)):
        file.write_text(BASE + column % words + f"  {score}\n")
        outline = outline_contract(file)
        assert (len(find_gaps(outline)), len(outline.problems)) == (gaps, problems), words


def test_a_direction_and_a_place_are_computed_by_and_the_words_of_a_side_are_not() -> None:
    column = {"type": "number", "role": "feature", "more_is": "better", "about": "place", "reason": {"too_low": "Low"}}
    content = {"name": "x", "columns": {"a": column}}
    kept = {"type": "number", "role": "feature", "more_is": "better", "about": "place"}
    assert strip_words(content, "f")["columns"] == {"a": kept}
