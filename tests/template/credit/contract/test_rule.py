"""The rule of a contract: a column of role score, a feature, or an expression, from either side of a threshold."""

from pathlib import Path

import pytest

from credit.common.errors import CreditError
from credit.contract import Contract, load_contract
from credit.data.contract_check import check_contract

BASE = """\
name: loans
row: one application
source: {title: t, licence: l, citation: c}
columns:
  paid: {type: boolean, role: label, favourable: true, description: d}
  debt: {type: number, role: feature, description: d, reason: Your debt}
  income: {type: number, role: feature, missing: allowed, description: d, reason: Your income}
  home: {type: category, role: feature, allowed: [own, rent], description: d, reason: Your home}
  burden: {type: number, role: feature, sql: debt / income, missing: allowed, description: d, reason: Your burden}
  married: {type: boolean, role: ignored, because: b, description: d}
  race: {type: category, role: protected, allowed: [green, blue], reference: green, description: d}
families:
  bureau: {pattern: 'bureau_\\d', type: number, role: feature, description: d, reason: The bureau}
"""
SCORE = "  points: {type: integer, role: score, threshold: 620, description: d, reason: Your score}\nfamilies:"


def load(tmp_path: Path, text: str) -> Contract:
    (tmp_path / "c.yaml").write_text(text)
    return load_contract(tmp_path / "c.yaml")


def with_rule(sql: str, rest: str = "threshold: 36, approve: at_most, reason: r") -> str:
    return f"{BASE}rule: {{sql: {sql!r}, {rest}}}\n"


def refuse(tmp_path: Path, text: str) -> str:
    with pytest.raises(CreditError) as refused:
        load(tmp_path, text)
    return str(refused.value)


def test_a_column_of_role_score_is_a_rule_that_approves_from_its_threshold_on(tmp_path: Path) -> None:
    contract = load(tmp_path, BASE.replace("families:", SCORE))
    assert contract.rule is not None
    assert str(contract.rule) == "points at least 620"
    assert contract.rule_column == "points"
    assert list(contract.features) == ["debt", "income", "home", "burden", "points"]


@pytest.mark.parametrize(("sql", "column"), [("debt", "debt"), (" DEBT ", "debt"), ('"debt"', "debt"), ("burden",) * 2])
def test_a_feature_is_the_rules_own_column_and_nothing_is_computed(tmp_path: Path, sql: str, column: str) -> None:
    contract = load(tmp_path, with_rule(sql))
    assert contract.rule_column == column
    assert list(contract.derived) == ["burden"]


@pytest.mark.parametrize("sql", ["100 * debt / income", "case home when 'own' then 0 else debt end", "bureau_1 - 2"])
def test_an_expression_is_a_column_that_no_model_sees(tmp_path: Path, sql: str) -> None:
    contract = load(tmp_path, with_rule(sql))
    assert contract.rule_column == "rule"
    assert contract.derived["rule"].sql == sql
    assert "rule" not in contract.features
    assert contract.bind([*contract.raw, "bureau_1"], "f").rule_column == "rule"


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("married", "rule.sql: found the ignored column married, expected a rule made of features only"),
        ("debt + (race = 'blue')::int", "rule.sql: found the protected column race, expected a rule made of features"),
        ("case when paid then 1 end", "rule.sql: found the label column paid, expected a rule made of features only"),
        ("burden * 100", "rule.sql: found the derived column burden, expected columns of the raw file"),
        ("home", "rule.sql: found home, a category, expected a boolean or a number; say with `case when`"),
    ],
)
def test_a_rule_sees_no_more_than_a_model(tmp_path: Path, sql: str, told: str) -> None:
    assert told in refuse(tmp_path, with_rule(sql))


@pytest.mark.parametrize("sql", ["bureau_1", "bureau_1 - 2"])
def test_a_rule_on_a_member_of_a_family_needs_words_of_its_own(tmp_path: Path, sql: str) -> None:
    load(tmp_path, with_rule(sql, "threshold: 36, approve: at_most, reason: Your bureau"))
    (tmp_path / "c.yaml").write_text(with_rule(sql, "threshold: 36, approve: at_most"))
    with pytest.raises(
        CreditError, match=r"c\.yaml: rule\.reason: found no words, expected the words for an applicant"
    ):
        check_contract(tmp_path / "c.yaml")


def test_two_rules_are_refused(tmp_path: Path) -> None:
    told = refuse(tmp_path, with_rule("debt").replace("families:", SCORE))
    assert "rule: found a rule, and points of role score, expected one of them; give that column the role feat" in told


def test_a_column_of_the_rules_own_name_is_refused_where_the_rule_is_an_expression(tmp_path: Path) -> None:
    taken = "  Rule: {type: number, role: feature, description: d, reason: r}\nfamilies:"
    told = refuse(tmp_path, with_rule("debt * 2").replace("families:", taken))
    assert "columns.Rule: found the name of the rule's value, expected another name; make the expression a fe" in told
    assert load(tmp_path, with_rule("debt").replace("families:", taken)).rule_column == "debt"


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        ("threshold: 36, approve: below", "rule.approve: found 'below', expected 'at_least' or 'at_most'"),
        ("threshold: .nan, approve: at_most", "rule.threshold: found nan, expected a finite number"),
        ("approve: at_most", "rule.threshold: found nothing, expected a value"),
        ("threshold: 1, approve: at_most, direction: up", "rule.direction: unknown key; is it misspelt?"),
    ],
)
def test_a_rule_that_is_not_whole_is_refused(tmp_path: Path, rest: str, told: str) -> None:
    assert told in refuse(tmp_path, with_rule("debt", rest))
