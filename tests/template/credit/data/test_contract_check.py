"""The check before the pipeline: whatever would stop a later stage is listed at once."""

from pathlib import Path

import pytest

from credit.common.errors import CreditError
from credit.data.contract_check import check_contract, find_sql_problems
from testing.lenders.loans import CONTRACT

PROTECTED = (
    "  group: {type: category, role: protected, allowed: [a, b], reference: a, missing: allowed, description: group}\n"
)


def check(tmp_path: Path, text: str) -> list[str]:
    """The problems of a contract, without the file's name."""
    (tmp_path / "c.yaml").write_text(text)
    try:
        check_contract(tmp_path / "c.yaml")
    except CreditError as error:
        return [str(problem).removeprefix(f"{tmp_path}/c.yaml: ") for problem in error.problems]
    return []


def change(*pairs: tuple[str, str]) -> str:
    text = CONTRACT
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


NO_RULE = ("role: score, threshold: 600", "role: feature")
NO_PROTECTED = (PROTECTED, "")
NO_REASON = (", reason: your income", "")
NO_WORDS = ("reason: your job", "reason: ' '")
BAD_SQL = ("  paid:", "  extra: {type: number, role: feature, sql: 'incom / 2', description: d, reason: r}\n  paid:")


def test_a_contract_that_lacks_nothing_is_given_back(tmp_path: Path) -> None:
    assert check(tmp_path, CONTRACT) == []


def test_five_faults_are_listed_at_once(tmp_path: Path) -> None:
    rule, protected, income, job, sql = check(tmp_path, change(NO_RULE, NO_PROTECTED, NO_REASON, NO_WORDS, BAD_SQL))
    assert rule.startswith("rule: found no column of role score and no rule, expected one of them; the rule decides")
    assert protected.startswith("columns: found no column of role protected, expected at least one; a category by")
    words = "found no words, expected the words for an applicant against whom it counts"
    assert income == f'columns.income.reason: {words}; suggestion: reason: "? Your income"'
    assert job.startswith("columns.employed.reason: found no words")
    assert sql.startswith('columns.extra.sql: Binder Error: Referenced column "incom" not found')


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("COLUMNS(''gro.*'') = ''a''", "found a star, expected a value of one row, of columns by their names"),
        ("income /* it''s */ * (\"group\" = ''a'')::int /* it''s */", "found the column group between comments"),
        ("rank() over (order by income)", "found a look at other rows"),
        ("income - (select 1)", "found a query within it"),
        ("income * random()", "found random(), which gives another value each time, expected a value of the row alone"),
        ("1 + 1", "found no column, expected a value of the row"),
        ("struct_extract(unnamed_subquery, ''paid'')::int", "Binder Error: Referenced column"),
        ("list_transform([income], lambda unnamed_subquery: 1)[1] * len(unnamed_subquery::text)", "Binder Error"),
        ("(select len(content) from read_text(''/etc/hostname''))", "Permission Error"),
        ("1) AS DOUBLE), CAST((income", "found no expression by itself, expected one expression"),
    ],
)
def test_an_expression_that_hides_what_it_reads_or_needs_other_rows_is_refused(
    tmp_path: Path, sql: str, told: str
) -> None:
    """Of one application it would be another value than of the table that the model was trained on."""
    column = f"  extra: {{type: number, role: feature, sql: '{sql}', description: d, reason: r}}\n  paid:"
    problems = check(tmp_path, change(("  paid:", column)))
    assert any(line.startswith(f"columns.extra.sql: {told}") for line in problems), problems


def test_an_expression_that_goes_on_as_another_statement_writes_nothing(tmp_path: Path) -> None:
    """It is tried where a change is judged: it could write the judge's own code before that runs."""
    file = tmp_path / "judge.py"
    sql = f"1) AS DOUBLE) FROM (SELECT 1); COPY (SELECT 1) TO ''{file}'' (FORMAT csv); SELECT (CAST((1"
    for end in ("", ") AS DOUBLE) FROM (SELECT 1 AS income) --"):
        column = f"  extra: {{type: number, role: feature, sql: '{sql}{end}', description: d, reason: r}}\n  paid:"
        assert check(tmp_path, change(("  paid:", column)))
        assert not file.exists()


@pytest.mark.parametrize("sql", ["income, income", ""])
def test_a_rule_that_is_no_single_value_is_refused(tmp_path: Path, sql: str) -> None:
    rule = f"rule: {{sql: '{sql}', threshold: 1, approve: at_least, reason: r}}\ncolumns:"
    problems = check(tmp_path, change(NO_RULE, ("columns:", rule)))
    assert any(line.startswith("rule.sql: ") for line in problems), problems


def test_faults_of_structure_and_open_questions_are_listed_beside_what_is_missing(tmp_path: Path) -> None:
    text = change(NO_RULE, NO_REASON, ("type: boolean, role: feature", "type: bool, role: feature"))
    text = text.replace("row: one loan", "row: '? one what'").replace("role: protected", "role: '? protected'")
    assert [line.split(" expected")[0] for line in check(tmp_path, text)] == [
        "row: found the open question '? one what',",
        "columns.group.role: found the open question '? protected',",
        "columns.employed.type: found 'bool',",
        "rule: found no column of role score and no rule,",
        "columns.income.reason: found no words,",
    ]


@pytest.mark.parametrize("role", ["protectd", "[feature, protected]", ""])
def test_a_role_that_is_misspelt_is_not_missed_as_well(tmp_path: Path, role: str) -> None:
    lines = check(tmp_path, change(("role: protected,", f"role: {role},")))
    assert lines[0].startswith("columns.group.role: found ")
    assert not any("no column of role" in line for line in lines)


def test_what_is_computed_from_a_faulty_column_is_not_tried(tmp_path: Path) -> None:
    text = change(BAD_SQL, ("incom / 2", "income / 2"), ("role: feature, range: [0, null]", "role: feature, range: 1"))
    (only,) = check(tmp_path, text)
    assert only.startswith("columns.income.range: found 1, expected")


def test_an_expression_of_the_rule_needs_words_and_is_tried(tmp_path: Path) -> None:
    rule = "rule: {sql: income / score, threshold: 2, approve: at_most, reason: r}\n"
    assert check(tmp_path, change(NO_RULE) + rule) == []
    (words,) = check(tmp_path, change(NO_RULE) + rule.replace(", reason: r", ""))
    assert words == "rule.reason: found no words, expected the words for an applicant who does not pass"
    (sql,) = check(tmp_path, change(NO_RULE) + rule.replace("income / score", "income /"))
    assert sql.startswith("rule.sql: Parser Error")
    (text,) = check(tmp_path, change(NO_RULE) + rule.replace("income / score", "sum(income)"))
    assert text.startswith("rule.sql: Binder Error")


def test_a_feature_as_the_rule_has_words_already(tmp_path: Path) -> None:
    assert check(tmp_path, change(NO_RULE) + "rule: {sql: income, threshold: 2, approve: at_most}\n") == []


def test_an_expression_over_members_of_a_family_is_tried_before_the_file_is_seen(tmp_path: Path) -> None:
    family = "families:\n  bureau: {pattern: 'bureau_\\d', type: number, role: feature, description: d, reason: r}\n"
    rule = "rule: {sql: 'bureau_1 + bureau_2', threshold: 2, approve: at_least, reason: r}\n"
    assert check(tmp_path, change(NO_RULE) + family + rule) == []
    (told,) = check(tmp_path, change(NO_RULE) + family + rule.replace("bureau_2", "bureau_x"))
    assert told.startswith("rule.sql: Binder Error")


def test_a_family_of_features_needs_words_too(tmp_path: Path) -> None:
    family = "families:\n  bureau: {pattern: 'bureau_\\d', type: number, role: feature, description: d}\n"
    assert check(tmp_path, CONTRACT + family) == [
        "families.bureau.reason: found no words, expected the words for an applicant against whom it counts; "
        'suggestion: reason: "? Your d"'
    ]


def test_a_contract_without_derived_columns_has_no_expression_to_try(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONTRACT)
    assert find_sql_problems(check_contract(tmp_path / "c.yaml"), "c.yaml") == []


@pytest.mark.parametrize("text", ["columns: 1", "columns: {a: 1}", "columns: {a: {role: [feature]}}", "rule: at_most"])
def test_what_is_no_contract_at_all_is_refused_in_words(tmp_path: Path, text: str) -> None:
    told = check(tmp_path, text)
    assert "name: found nothing, expected a value" in told
    assert any("of role label, expected exactly one" in line for line in told)
