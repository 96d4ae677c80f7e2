"""A reason is suggested in words, with the mark of a question: what an applicant is told is a person's decision."""

import re
from pathlib import Path

import pytest
import yaml

from credit.common.errors import CreditError
from credit.contract.suggestions import suggest_reason
from credit.data.contract_check import check_contract
from testing.lenders.loans import CONTRACT


@pytest.mark.parametrize(
    ("name", "description", "words"),
    [
        ("income", "Yearly income, dollars", "Your yearly income"),
        ("x1", "FICO score (points)", "Your FICO score"),
        ("employed", "has a job", "Whether you have a job"),
        ("self_empl", "Is self-employed", "Whether you are self-employed"),
        ("amount", "The amount of the loan: dollars", "The amount of the loan"),
        ("late_payments", "", "Your late payments"),
        ("late_payments", "late_payments", "Your late payments"),
        ("monthlyIncome", "? What this column holds, and in which unit", "Your monthly income"),
        ("monthlyIncome", "column monthlyIncome", "Your monthly income"),
        ("DTI_ratio", "", "Your DTI ratio"),
        ("_", "", "Your column _"),
    ],
)
def test_a_reason_is_made_of_the_description_else_of_the_name(name: str, description: str, words: str) -> None:
    assert suggest_reason(name, description) == words


def test_a_suggestion_can_be_pasted_and_is_asked_about_until_a_person_takes_the_mark_away(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    without = CONTRACT.replace(", reason: your income", "")
    file.write_text(without)
    with pytest.raises(CreditError) as caught:
        check_contract(file)
    (suggestion,) = re.findall("suggestion: (.+)", str(caught.value))
    assert yaml.safe_load(suggestion) == {"reason": "? Your income"}
    file.write_text(without.replace("description: income", f"description: income, {suggestion}"))
    with pytest.raises(CreditError, match=r"the open question '[?] Your income', expected a person's answer"):
        check_contract(file)
    file.write_text(without.replace("description: income", f"description: income, {suggestion.replace('? ', '')}"))
    assert check_contract(file).columns["income"].reason == "Your income"
