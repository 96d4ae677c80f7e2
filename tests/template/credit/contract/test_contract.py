"""The contract: what it refuses, and that each refusal names file, key, what was found and what was expected."""

import re
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from credit.contract import load_contract
from credit.contract.groups import list_groups
from testing.lenders.frozen import LENDER

BASE = """\
name: loans
row: one application
source: {title: t, licence: l, citation: c}
columns:
  approved: {type: boolean, role: label, favourable: true, description: d}
  income: {type: number, role: feature, range: [0, null], description: d}
  race: {type: category, role: protected, allowed: [green, blue], reference: green, description: d}
"""
FAMILY = '\nfamilies:\n  noise: {type: number, role: feature, description: d, pattern: "noise_[0-9]{4}"}\n'


def problems(tmp_path: Path, text: str | bytes) -> str:
    file = tmp_path / "loans.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CreditError) as caught:
        load_contract(file)
    assert all(str(file) in str(problem) for problem in caught.value.problems)
    return str(caught.value)


def loaded(tmp_path: Path, text: str):
    file = tmp_path / "loans.yaml"
    file.write_text(text, encoding="utf-8")
    return load_contract(file)


def with_column(name: str, rest: str) -> str:
    return f"{BASE}  {name}: {{description: d, {rest}}}\n"


def with_income(rest: str) -> str:
    return BASE.replace("type: number, role: feature, range: [0, null]", rest)


def test_the_contract_of_the_default_dataset_loads_and_sorts_its_columns_by_role():
    contract = load_contract(LENDER / "data/contracts/loanapp.yaml")
    assert (contract.label, contract.rule_column) == ("approve", "gdlin")
    assert set(contract.protected) == {"race", "sex", "schooling", "marital_status", "age"} == set(contract.derived)
    assert len(contract.raw) == 59
    assert "black" not in contract.features
    assert "gdlin" in contract.features
    assert contract.bind(contract.raw, "loanapp.csv") == contract


def test_a_contract_without_score_has_no_rule(tmp_path):
    assert (loaded(tmp_path, BASE).rule, loaded(tmp_path, BASE).rule_column) == (None, None)


def test_a_missing_file_is_refused_and_the_known_contracts_are_named(tmp_path):
    with pytest.raises(CreditError, match=r"loans\.yaml: no such file$"):
        load_contract(tmp_path / "loans.yaml")
    (tmp_path / "cars.yaml").touch()
    with pytest.raises(CreditError, match=r"loans\.yaml: no such file \(there are: cars\.yaml\)"):
        load_contract(tmp_path / "loans.yaml")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"name: caf\xe9", "the byte at 9 is not UTF-8; save it as UTF-8"),
        ("name: 'x", "loans.yaml: not YAML: line 1, column 9: found unexpected end of stream"),
        ("name: \x00", "loans.yaml: not YAML: "),
        ("row: 2020-13-45", "loans.yaml: not YAML: month must be in 1..12"),
        ("? [a, b]\n: 1", "loans.yaml: not YAML: line 1, column 3: a key that is not text"),
        ("a: &a [*a]", "loans.yaml: not YAML: "),
        ("", "found no keys, expected a contract"),
        ("- 1", "found no keys, expected a contract"),
    ],
)
def test_a_file_that_is_not_a_mapping_in_yaml_is_refused(tmp_path, content, expected):
    assert expected in problems(tmp_path, content)


def test_a_column_that_stands_twice_is_refused_with_both_lines(tmp_path):
    text = BASE + "  income: {type: text, role: ignored, because: b, description: d}\n"
    assert "income: duplicate key, lines 6 and 8" in problems(tmp_path, text)


def test_unknown_missing_and_wrong_keys_are_listed_at_once(tmp_path):
    told = problems(tmp_path, with_income("type: money, role: feature").replace("row:", "rov:"))
    assert "row: found nothing, expected a value" in told
    assert "rov: unknown key; is it misspelt?" in told
    assert "columns.income.type: found 'money', expected 'boolean'" in told


def test_a_name_that_yaml_reads_as_something_else_than_text_is_refused(tmp_path):
    assert "found False, expected a valid string" in problems(tmp_path, with_column("no", "type: text"))


def test_every_unanswered_mark_is_listed(tmp_path):
    text = BASE.replace("row: one application", 'row: "? one what"').replace("role: feature", 'role: "? feature"')
    told = problems(tmp_path, text.replace("[green, blue]", '["? green", blue]'))
    assert "row: found the open question '? one what', expected a person's answer" in told
    assert "columns.income.role: found the open question '? feature'" in told
    assert "columns.race.allowed.0: found the open question '? green'" in told


def test_a_lone_question_mark_in_a_list_is_data_and_elsewhere_a_mark(tmp_path):
    contract = loaded(tmp_path, with_income('type: number, role: feature, missing_codes: ["?"]'))
    assert contract.columns["income"].missing_codes == ("?",)
    assert "row: found the open question '?'" in problems(tmp_path, BASE.replace("one application", '"?"'))


def test_two_roles_for_one_column_are_refused(tmp_path):
    told = problems(tmp_path, with_income("type: boolean, role: [feature, protected]"))
    assert "columns.income.role: found the roles ['feature', 'protected'], expected one role" in told
    assert "a protected column is never a feature" in told


@pytest.mark.parametrize(
    ("column", "found", "expected"),
    [
        ("type: text, role: ignored", "role ignored without `because`", "why the model may not see it"),
        ("type: boolean, role: score", "role score without `threshold`", "the score from which"),
        (
            "type: boolean, role: feature, because: b",
            "`because` on a column of role feature",
            "`because` only on role ignored",
        ),
        ("type: text, role: source, sql: income", "role source on a column with `sql`", "it on a column of the file"),
        (
            "type: text, role: ignored, because: b, format: {unit: $}",
            "a format of decimal, thousands, unit or negative on",
            "it on",
        ),
        ("type: number, role: feature, format: {date: '%Y'}", "the pattern '%Y'", "one with year and month"),
        ("type: number, role: feature, format: {date: '%b-%Y'}", "a format of date on type number", "it on date or"),
        ("type: date, role: time, format: {date: '%Q/%Y'}", "%Q in '%Q/%Y'", "a pattern of strptime such as %d/%m/%Y"),
        (
            "type: number, role: feature, format: {decimal: ',', thousands: ','}",
            "',' for both thousands and",
            "two marks",
        ),
        ("type: number, role: feature, format: {decimal: '5'}", "decimal '5'", "one mark, such as a comma"),
        (
            "type: number, role: feature, format: {unit: '1'}",
            "the unit '1'",
            "the sign or the words beside each number",
        ),
        ("type: text, role: id, new_levels: a", "`new_levels` on type text", "`new_levels` only on a category"),
        ("type: category, role: feature, allowed: [a], new_levels: b", "new_levels 'b'", "one of ['a']"),
        ("type: category, role: feature, allowed: [a], fold: {b: [c]}", "fold 'b'", "one of ['a']"),
        (
            "type: category, role: feature, allowed: [a, b], fold: {a: [b]}",
            "['b'] in both `fold` and `allowed`",
            "each",
        ),
        (
            "type: category, role: feature, allowed: [a], fold: {a: [b, b]}",
            "a duplicate in the folded",
            "each level once",
        ),
        (
            "type: category, role: feature, allowed: [a], fold: {a: [b]}, missing_codes: [b]",
            "['b'] in both `fold` and `missing_codes`",
            "each level once",
        ),
        (
            "type: category, role: group, allowed: [a], new_levels: a",
            "`fold` or `new_levels` on a column of role group",
            "it on a feature, a protected column or a source",
        ),
        ("type: category, role: feature", "a category without `allowed`", "the list of its values"),
        ("type: category, role: feature, allowed: [1]", "category values [1]", "text; put them in quotes"),
        ("type: number, role: feature, allowed: [1]", "`allowed` on type number", "`range`, or type category"),
        ("type: integer, role: feature, allowed: []", "`allowed` without a value", "the list of values"),
        ('type: integer, role: feature, allowed: ["1"]', "allowed '1'", "a value of type integer"),
        ("type: integer, role: feature, allowed: [1, 1]", "a duplicate in [1, 1]", "each value once"),
        ("type: boolean, role: feature, range: [0, 1]", "`range` on type boolean", "`range` only on integer or number"),
        ("type: number, role: feature, range: [5, 1]", "`range` [5.0, 1.0]", "[lowest, highest]"),
        ("type: number, role: feature, range: [.nan, 1]", "`range` [nan, 1.0]", "[lowest, highest]"),
        ("type: boolean, role: protected, reference: a", "a protected column of type boolean", "type category"),
        ("type: category, role: protected, allowed: [a], reference: b", "reference 'b'", "one of ['a']"),
        ('type: category, role: protected, allowed: [a], reference: "b|c"', "reference 'b|c'", "one of ['a']"),
        ('type: integer, role: feature, allowed: ["1|2"]', "allowed '1|2'", "a value of type integer; a comparison"),
        (
            "type: category, role: protected, allowed: [a, undisclosed], reference: a",
            "'undisclosed'",
            "no group of this name",
        ),
        (
            "type: boolean, role: ignored, because: b, known_at_decision: true",
            "`known_at_decision` on a column of role ignored",
            "`known_at_decision` only on role feature or score",
        ),
        ("type: integer, role: feature, labels: {'1': one}", "`labels` on type integer", "only on a category"),
        ("type: category, role: feature, allowed: [a], labels: {b: x}", "labels of ['b']", "labels of ['a'] only"),
        ("type: category, role: feature, allowed: [a], labels: {a: ''}", "no words as the label of ['a']", "the words"),
        (
            "type: category, role: feature, allowed: [a, b], labels: {a: x, b: x}",
            "a duplicate in the labels ['x', 'x']",
            "each label once",
        ),
        ("type: text, role: feature", "a feature of type text", "boolean, integer, number or category"),
        ("type: category, role: score, allowed: [a], threshold: 1", "a score of type category", "boolean, integer or"),
    ],
)
def test_a_column_that_does_not_fit_its_type_or_role_is_refused(tmp_path, column, found, expected):
    told = problems(tmp_path, with_column("extra", column))
    assert re.search(r"columns\.extra(\.format)?: found ", told)
    assert found in told
    assert expected in told


@pytest.mark.parametrize(
    "label",
    [
        'type: boolean, role: label, favourable: "yes"',
        "type: boolean, role: label, favourable: 1",
        "type: integer, role: label, favourable: true",
        "type: text, role: label, favourable: 1",
    ],
)
def test_a_favourable_value_of_another_type_is_refused_because_no_row_would_ever_have_it(tmp_path, label):
    text = BASE.replace("type: boolean, role: label, favourable: true", label)
    assert "columns.approved: found favourable " in problems(tmp_path, text)


def test_roles_are_counted(tmp_path):
    told = problems(tmp_path, with_income("type: boolean, role: label, favourable: true"))
    assert "columns: found ['approved', 'income'] of role label, expected exactly one" in told
    assert "columns: found no column of role feature, expected at least one" in told
    two = "type: text, role: id"
    told = problems(tmp_path, with_column("a", two) + f"  b: {{description: d, {two}}}\n")
    assert "['a', 'b'] of role id, expected at most one" in told


def test_names_that_differ_in_capitals_only_are_refused(tmp_path):
    told = problems(tmp_path, with_column("INCOME", "type: number, role: feature"))
    assert "columns.INCOME: found the same name as income to SQL, which ignores case, expected another name" in told


@pytest.mark.parametrize(
    "sql", ["race = 'green'", "RACE = 'green'", "\\\"race\\\" = 'x'", "income > 1 or Race is null"]
)
def test_a_feature_made_of_a_protected_column_is_refused_however_its_name_is_written(tmp_path, sql):
    told = problems(tmp_path, with_column("extra", f'type: boolean, role: feature, sql: "{sql}"'))
    assert "columns.extra.sql: found the protected column race, expected a feature made of features only" in told


@pytest.mark.parametrize("name", ["marital status", "it's", "größe", "ñandú"])
def test_a_leak_through_a_name_that_needs_quotes_is_found(tmp_path, name):
    text = BASE.replace("  race:", f'  "{name}":')
    sql = f"\\\"{name}\\\" = 'green'"
    told = problems(tmp_path, text + f'  extra: {{type: boolean, role: feature, description: d, sql: "{sql}"}}\n')
    assert f"found the protected column {name}" in told


def test_a_name_inside_text_is_no_leak(tmp_path):
    sql = "case when income > 1 then 'race' else 'it''s race' end"
    text = with_column("extra", f'type: category, role: feature, allowed: [race], sql: "{sql}"')
    assert "extra" in loaded(tmp_path, text).features


def test_a_feature_that_a_protected_column_is_made_of_is_refused(tmp_path):
    sql = "case when income > 1 then 'a' end"
    told = problems(
        tmp_path, with_column("extra", f'type: category, role: protected, reference: a, allowed: [a], sql: "{sql}"')
    )
    assert "columns.income.role: found feature, and the protected extra is made of it, expected ignored" in told
    assert "a protected column is never a feature" in told


def test_a_feature_that_the_label_is_made_of_is_refused(tmp_path):
    text = BASE.replace("favourable: true", 'favourable: true, sql: "income > 1"')
    told = problems(tmp_path, text)
    assert "columns.income.role: found feature, and the label approved is made of it, expected ignored" in told


def test_a_derived_column_made_of_a_derived_column_is_refused(tmp_path):
    one = with_column("one", 'type: number, role: feature, sql: "income + 1"')
    told = problems(tmp_path, one + '  two: {type: number, role: feature, description: d, sql: "one + 1"}\n')
    assert "columns.two.sql: found the derived column one, expected columns of the raw file" in told


def test_a_feature_made_of_an_ignored_member_of_a_family_is_refused(tmp_path):
    text = with_column("extra", 'type: boolean, role: feature, sql: "noise_0001 > 1"') + FAMILY
    text = text.replace(
        "type: number, role: feature, description", "type: number, role: ignored, because: b, description"
    )
    assert "found the ignored column noise_0001, expected a feature made of features only" in problems(tmp_path, text)


def test_a_family_stands_for_its_members_in_the_file(tmp_path):
    contract = loaded(tmp_path, BASE + FAMILY)
    bound = contract.bind(["approved", "income", "race", "noise_0001", "noise_0002"], "loans.csv")
    assert list(bound.features) == ["income", "noise_0001", "noise_0002"]
    assert bound.families == {}
    assert contract.bind(contract.raw, "loans.csv").columns == contract.columns


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[0-9]{4}", "[0-9", "families.noise.pattern: not a regular expression: unterminated character set"),
        ("role: feature, description: d, pattern", "role: protected, description: d, pattern", "families.noise.role"),
        (
            "pattern:",
            "sql: income, pattern:",
            "families.noise: found `sql` on a family, expected `sql` only on a single column",
        ),
    ],
)
def test_a_family_without_a_pattern_or_with_sql_or_protected_is_refused(tmp_path, old, new, told):
    assert told in problems(tmp_path, BASE + FAMILY.replace(old, new))


def test_missing_unknown_double_and_ambiguous_columns_are_listed_at_once(tmp_path):
    other = '  more: {type: number, role: feature, description: d, pattern: "n.*"}\n'
    contract = loaded(tmp_path, BASE + FAMILY + other)
    with pytest.raises(CreditError) as caught:
        contract.bind(["approved", "approved", "race", "extra", "noise_0001"], "loans.csv")
    assert list(map(str, caught.value.problems)) == [
        "loans.csv: income: no such column; the contract has one of type number",
        "loans.csv: extra: not in the contract; describe the column there, or remove it here",
        "loans.csv: approved: duplicate column, 2 times",
        "loans.csv: noise_0001: matches the families ['noise', 'more']; change a pattern: a column has one family",
    ]


@pytest.mark.parametrize(
    ("role", "rest"),
    [
        ("score", "type: number, threshold: 1, reason: r"),
        ("id", "type: text"),
        ("time", "type: date"),
    ],
)
def test_one_column_may_have_these_roles_and_two_may_not(tmp_path, role, rest):
    one = with_column("first", f"role: {role}, {rest}")
    assert list(loaded(tmp_path, one).find_by_role(role)) == ["first"]
    told = problems(tmp_path, f"{one}  second: {{description: d, role: {role}, {rest}}}\n")
    assert f"found ['first', 'second'] of role {role}, expected at most one" in told


def test_a_family_that_is_no_feature_is_not_enough(tmp_path):
    only = BASE.replace("role: feature, range: [0, null]", "role: ignored, because: b")
    family = FAMILY.replace("role: feature", "role: ignored, because: b")
    assert "no column of role feature" in problems(tmp_path, only)
    assert "no column of role feature" in problems(tmp_path, only + family)
    assert loaded(tmp_path, only + FAMILY).families


def test_groups_begin_with_the_reference_and_keep_their_order(tmp_path):
    text = BASE.replace("[green, blue], reference: green", "[red, blue, green], reference: blue")
    assert list_groups(loaded(tmp_path, text), "race") == ["blue", "red", "green", "undisclosed"]


def test_levels_have_labels_that_people_read_beside_the_code(tmp_path):
    text = BASE.replace("[green, blue]", "[green, blue], labels: {green: from the woods}")
    race = loaded(tmp_path, text).columns["race"]
    assert [race.name_value(value) for value in race.allowed] == ["from the woods [green]", "blue"]


def test_levels_of_the_file_count_as_others_and_a_level_that_is_allowed_as_itself(tmp_path):
    levels = "type: category, role: feature, allowed: [own, rent, other], fold: {own: [bought], other: [tent]}"
    home = loaded(tmp_path, with_column("home", levels)).columns["home"]
    assert [home.fold_level(level) for level in ("own", "bought", "tent", "boat", None)] == [
        *("own", "own", "other", "boat"),
        None,
    ]
    assert (
        loaded(tmp_path, with_column("home", levels + ", new_levels: other")).columns["home"].fold_level("boat")
        == "other"
    )


def test_a_source_feeds_expressions_and_no_model(tmp_path):
    opened = "  opened: {type: date, role: source, description: d}\n"
    age = with_column("age", "type: integer, role: feature, sql: \"date_diff('month', Opened, DATE '2026-01-01')\"")
    contract = loaded(tmp_path, age + opened)
    assert (list(contract.features), list(contract.inputs)) == (["income", "age"], ["income", "opened"])
    assert "opened: found role source, and no `sql` names it, expected one that does" in problems(
        tmp_path, BASE + opened
    )


@pytest.mark.parametrize("role", ["source", "time"])
def test_nothing_that_a_model_sees_is_made_of_what_a_protected_column_is_made_of(tmp_path, role):
    columns = f"""\
  born: {{type: date, role: {role}, description: d}}
  age: {{type: integer, role: feature, description: d, sql: year(born)}}
  old: {{type: category, role: protected, allowed: [y, n], reference: n, description: d, sql: if(born < now())}}
"""
    told = problems(tmp_path, BASE + columns)
    assert "columns.born: found age and old made of it, expected one of them; old is of role protected" in told
    without = "".join(line + "\n" for line in columns.splitlines() if "age:" not in line)
    assert "born" not in loaded(tmp_path, BASE + without).inputs


def test_a_unit_is_that_of_a_column(tmp_path):
    assert "format: found the unit '%' of all columns, expected `unit` in" in problems(
        tmp_path, BASE + "format: {unit: '%'}"
    )
