"""What README.md shows is what happens: its commands are run in a copy of the repository, its tables are compared."""

import doctest
import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
import yaml

from testing.parts.servers import wait_until
from testing.projects import ROOT, Project, clone_project

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)


def commands(block: str) -> list[tuple[str, str]]:
    """The commands of a block, each with the output shown below it."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]


def matches(shown: str, told: str) -> bool:
    """Whether the output is the one shown: `...` stands for anything, and runs of white space are alike."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return not shown.strip() or doctest.OutputChecker().check_output(shown, told, flags)


@pytest.fixture
def template(tmp_path: Path) -> Project:
    """A clone of the template as it is, which nothing was done to."""
    return clone_project(tmp_path / "template", lender=None)


def test_the_commands_of_the_readme_print_what_it_shows(template: Project) -> None:
    """One after the other in one clone, as a reader would; `make test` is what is running right now."""
    with ExitStack() as running:
        for command, shown in [pair for block in BLOCKS for pair in commands(block) if pair[0] != "make test"]:
            if command == "make serve":
                running.enter_context(served(template))
            else:
                check(template, command, shown)


@contextmanager
def served(project: Project) -> Iterator[None]:
    """The service, as long as the reader leaves it running."""
    process = project.start("make", "serve")
    try:
        wait_until(_ready, "make serve", process)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _ready() -> bool:
    try:
        return requests.get("http://127.0.0.1:8000/health/ready", timeout=2).ok
    except requests.RequestException:
        return False


def check(project: Project, command: str, shown: str) -> None:
    """Run a command and compare what it prints."""
    done = project.run("bash", "-c", command, check=False, PATH=f".venv/bin:{project.env['PATH']}")
    told = done.stdout + done.stderr
    assert (done.returncode == 0) != shown.startswith("error:"), f"{command}\n{told}"
    assert matches(shown, told), f"{command}\nshown:\n{shown}\ntold:\n{told}"
    if command == "make repro":
        changed = project.run("git", "diff").stdout
        assert not changed, f"the committed results are not those that come out: {changed}"


def test_the_table_of_stages_is_that_of_dvc_yaml() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    rows = [f"| `{name}` | {stage['desc']} |" for name, stage in stages.items()]
    table = "\n".join(["| stage | what it does |", "|---|---|", *rows])
    shown = re.search(r"<!-- stages -->\n(.*?)\n<!-- /stages -->", README, re.DOTALL)
    assert shown
    assert shown[1].strip() == table, f"put this table between the marks:\n{table}"


def test_every_file_and_folder_that_the_readme_names_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target
    made = {"reports/report.html"}  # by the pipeline, and not in git
    for name in re.findall(r"`((?:reports|data/contracts|stages|credit|scenario|tests)/[\w./]*)`", README):
        assert (ROOT / name).exists() or name in made or "loans" in name, name  # loans: the reader's own


def test_the_approval_rates_in_the_readme_are_those_of_the_data(tmp_path: Path) -> None:
    import duckdb

    from stages.fetch import LoanappParams, fetch_loanapp

    fetch_loanapp(tmp_path / "loanapp", LoanappParams(version="0.5.0"))
    query = f"SELECT black, hispan, avg(approve) FROM read_csv('{tmp_path}/loanapp') GROUP BY 1, 2 ORDER BY 1, 2"
    white, hispanic, black = (round(100 * row[2]) for row in duckdb.connect().execute(query).fetchall())
    text = " ".join(README.split())
    assert f"approved {white}% of white, {hispanic}% of Hispanic and {black}% of Black applicants" in text


def test_the_law_is_left_to_counsel() -> None:
    assert "have counsel check them" in " ".join(README.split())


def test_the_ratios_in_the_readme_are_those_of_the_reports() -> None:
    text = " ".join(README.split())
    for name, called in (("random_forest", "forest"), ("logistic", "logistic regression"), ("heuristic", "rule")):
        fairness = json.loads((ROOT / f"reports/fairness/{name}.json").read_text())
        black, white = (fairness["groups"][f"race: {group}"] for group in ("Black", "white"))
        assert f"{black['adverse_impact_ratio']:.2f} ({called})" in text
        assert f"{black['people']} people are too few" in text
        assert fairness["verdict"] == "insufficient"
        assert f"at {black['base_rate'] / white['base_rate']:.2f} of the rate of white ones" in text
    choice = json.loads((ROOT / "reports/choice.json").read_text())
    assert choice["champion"] == "heuristic"
    assert not any(told["passes"] for told in choice["candidates"].values())
    assert f"of the {json.loads((ROOT / 'reports/metrics.json').read_text())['logistic']['rows']} test rows" in text


def test_no_alternative_comes_close_to_the_limit_at_the_same_value() -> None:
    """What README.md says of the search."""
    content = json.loads((ROOT / "reports/alternatives.json").read_text())
    assert (content["metric"], content["tolerated_loss"]) == ("expected_value", 0.02)
    best = max(one["expected_value"] for one in content["points"] if one["mark"] in {"champion", "candidate"})
    close = [one["adverse_impact_ratio"] for one in content["points"] if one["expected_value"] >= best - 0.02]
    assert max(close) < 0.77
