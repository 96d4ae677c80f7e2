"""Reasons in other languages: whole or refused, and laid over the contract's own words."""

from pathlib import Path

import pytest

from credit.contract import load_contract
from credit.scoring.translations import find_translation_problems, list_translations, translate_contract
from testing.lenders.small import CONTRACT, SPANISH

RULE = """
rule: {sql: points, threshold: 600, approve: at_least, reason: Your points are too low}
"""


def write(tmp_path: Path, text: str = SPANISH, name: str = "c.es.yaml", rule: str = "") -> Path:
    file = tmp_path / "c.yaml"
    score = "role: score, threshold: 600,"
    file.write_text(CONTRACT.replace(score, "role: feature,") + rule if rule else CONTRACT)
    (tmp_path / "reasons").mkdir(exist_ok=True)
    (tmp_path / "reasons" / name).write_text(text, encoding="utf-8")
    return file


def find(tmp_path: Path, text: str = SPANISH, name: str = "c.es.yaml", rule: str = "") -> list[str]:
    file = write(tmp_path, text, name, rule)
    return [str(one).removeprefix(f"{tmp_path}/") for one in find_translation_problems(load_contract(file), file)]


def test_a_whole_translation_replaces_all_words_and_nothing_else(tmp_path: Path) -> None:
    file = write(tmp_path)
    own = load_contract(file)
    assert list_translations(file) == {"es": tmp_path / "reasons/c.es.yaml"}
    found = translate_contract(own, tmp_path / "reasons/c.es.yaml").bind([*own.columns, "bureau_1"], "x")
    assert found.columns["income"].reason_texts == ("Sus ingresos",)
    assert found.columns["points"].side_reasons.too_low == "Su puntuación es baja"
    assert found.columns["bureau_1"].reason_texts == ("Lo que dice la agencia",)
    assert found.columns["points"].threshold == own.columns["points"].threshold
    assert found.columns["race"] == own.columns["race"]


def test_without_a_folder_there_is_no_other_language(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(CONTRACT)
    assert list_translations(file) == {}
    assert find_translation_problems(load_contract(file), file) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  self: {reason: Trabajo por cuenta propia}\n", "", "columns.self.reason: found no words"),
        ("reason: Su vivienda", 'reason: " "', "columns.home.reason: found no words"),
        ("reason: Su vivienda", 'reason: "? Su casa"', "columns.home.reason: found no words"),
        (", reason_if_missing: No conocemos sus ingresos", "", "columns.income.reason_if_missing: found no words"),
        ("  home:", "  race: {reason: Su raza}\n  home:", "columns.race: found words, expected a feature of the"),
        ("bureau:", "agency:", "families.agency: found words, expected a feature of the contract"),
        ("too_low: Su", "low: Su", "columns.points.reason"),
        ("reason: Su vivienda", "reason: {too_low: a, too_high: b}", "columns.home: found a reason by side on type"),
        ("families:", "rule: {reason: Nada}\nfamilies:", "rule: found words, expected none"),
        ("columns:", "column:", "column: unknown key"),
    ],
)
def test_a_text_that_is_missing_or_that_nobody_is_told_is_refused(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in SPANISH
    found = find(tmp_path, SPANISH.replace(old, new, 1))
    assert any(told in one and one.startswith("reasons/c.es.yaml: ") for one in found), found


def test_a_rule_with_words_of_its_own_needs_them_too(tmp_path: Path) -> None:
    assert find(tmp_path, rule=RULE) == [
        "reasons/c.es.yaml: rule.reason: found no words, expected the words; "
        "write them, or remove the file: then nobody is told reasons in this language"
    ]
    assert find(tmp_path, f"{SPANISH}rule: {{reason: Su puntuación no basta}}\n", rule=RULE) == []


def test_a_file_of_no_contract_and_one_of_no_language_are_named(tmp_path: Path) -> None:
    (stray,) = find(tmp_path, name="d.es.yaml")
    assert stray == "reasons/d.es.yaml: found words of no contract, expected a name that begins with one of c"
    (tmp_path / "reasons/d.es.yaml").unlink()
    (strange,) = find(tmp_path, name="c.Spanish!.yaml")
    assert strange.startswith("reasons/c.Spanish!.yaml: found a name without a language")
