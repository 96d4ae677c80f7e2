"""What README.md and the pages say is so: the table of stages, the files that they name, their figures."""

import json
import re
from pathlib import Path

import pytest
import yaml

from testing.lenders.frozen import ROOT

README = (ROOT / "README.md").read_text()
STARTED, OWN_DATA, FAIRNESS = (
    (ROOT / f"docs/{name}.md").read_text() for name in ("getting-started", "own-data", "fairness")
)
TEXTS = {str(page.relative_to(ROOT)): page.read_text() for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]}


def test_the_table_of_stages_is_that_of_dvc_yaml() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    rows = [f"| `{name}` | {stage['desc']} |" for name, stage in stages.items()]
    table = "\n".join(["| stage | what it does |", "|---|---|", *rows])
    shown = re.search(r"<!-- stages -->\n(.*?)\n<!-- /stages -->", STARTED, re.DOTALL)
    assert shown
    assert shown[1].strip() == table, f"put this table between the marks:\n{table}"


@pytest.mark.parametrize("page", TEXTS)
def test_every_file_and_folder_that_a_page_names_is_there(page: str) -> None:
    made = {"reports/report.html"}  # by the pipeline, and not in git
    written = {"stages/compare_sides.py", "reports/sides.json", "stages/rank_features.py", "reports/ranking.json"}
    written |= {"release/commands/store.py", "credit/candidates/gradient_boosting.py"}  # by the reader
    folders = "reports|data/contracts|stages|credit|scenario|tests|testing|release|service|contract_draft|bench|waivers"
    for name in re.findall(rf"`((?:{folders})/[\w./]*)`", TEXTS[page]):
        assert (ROOT / name).exists() or name in made | written or "loans" in name, name  # loans: the reader's own


def test_the_approval_rates_are_those_of_the_data(tmp_path: Path) -> None:
    import duckdb

    from scenario.params import LoanappParams
    from stages.fetch import fetch_loanapp

    fetch_loanapp(tmp_path / "loanapp", LoanappParams(version="0.5.0"))
    query = f"SELECT black, hispan, avg(approve) FROM read_csv('{tmp_path}/loanapp') GROUP BY 1, 2 ORDER BY 1, 2"
    white, hispanic, black = (round(100 * row[2]) for row in duckdb.connect().execute(query).fetchall())
    text = " ".join(OWN_DATA.split())
    assert f"approved {white}% of white, {hispanic}% of Hispanic and {black}% of Black applicants" in text


def test_the_law_is_left_to_counsel() -> None:
    assert "have counsel check them" in " ".join(README.split())


def test_the_ratios_are_those_of_the_reports() -> None:
    text = " ".join(STARTED.split())
    for name, called in (("random_forest", "forest"), ("logistic", "logistic regression"), ("heuristic", "rule")):
        fairness = json.loads((ROOT / f"reports/fairness/{name}.json").read_text())
        black, white = (fairness["groups"][f"race: {group}"] for group in ("Black", "white"))
        assert f"{black['adverse_impact_ratio']:.2f} ({called})" in text
        assert f"any of these among {black['people']} people" in text
        assert fairness["verdict"] == "unequal"
        assert f"at {black['base_rate'] / white['base_rate']:.2f} of the rate of white ones" in text
    choice = json.loads((ROOT / "reports/choice.json").read_text())
    assert choice["champion"] == "heuristic"
    assert not any(told["eligible"] for told in choice["candidates"].values())
    assert f"of the {json.loads((ROOT / 'reports/metrics.json').read_text())['logistic']['rows']} test rows" in text


def test_an_alternative_within_every_limit_beats_the_rule_on_both_counts() -> None:
    """What docs/fairness.md says of the search."""
    content = json.loads((ROOT / "reports/alternatives.json").read_text())
    assert (content["metric"], content["tolerated_loss"]) == ("expected_value", 0.02)
    found = next(one for one in content["points"] if one["mark"] == "within_limits")
    rule = next(one for one in content["points"] if one["candidate"] == "heuristic")
    best = max(one["expected_value"] for one in content["points"] if one["mark"] in {"champion", "candidate"})
    text = " ".join(FAIRNESS.split())
    assert f"at a loss of {best - found['expected_value']:.3f}" in text
    ratio, value = found["adverse_impact_ratio"], found["expected_value"]
    assert f"a ratio of {ratio:.2f} at an expected value of {value:.3f}" in text
    assert f"the rule has {rule['adverse_impact_ratio']:.2f} at {rule['expected_value']:.3f}" in text
    assert ratio > rule["adverse_impact_ratio"]
    assert value > rule["expected_value"]
    confirmed = next(one for one in content["confirmed"] if one["mark"] == "within_limits")
    assert f"what is left: {confirmed['adverse_impact_ratio']:.2f} at {confirmed['quality']:.3f}" in text
