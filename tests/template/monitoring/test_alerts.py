"""The alerts see what they are for and nothing else, and each tells the person on call what to do first."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from testing.lenders.frozen import ROOT
from testing.pages.anchors import list_anchors
from testing.parts.needs import require

RULES = sorted((ROOT / "monitoring/prometheus").glob("*.rules.yml"))
CASES = sorted((Path(__file__).parent / "rules").glob("*.yml"))


def read_rules(kind: str) -> list[dict[str, Any]]:
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


def run_promtool(*words: str | Path) -> str:
    require("promtool")
    done = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_alerts_see_what_they_are_for_and_nothing_else(case: Path) -> None:
    run_promtool("test", "rules", case)


def test_prometheus_accepts_its_configuration_and_finds_every_file_of_rules() -> None:
    folder = ROOT / "monitoring/prometheus"
    run_promtool("check", "config", "--syntax-only", folder / "prometheus.yml")
    assert "SUCCESS" in run_promtool("check", "rules", *RULES)
    named = yaml.safe_load((folder / "prometheus.yml").read_text())["rule_files"]
    assert sorted(named) == [path.name for path in RULES]


def test_every_alert_is_tested_as_firing_and_as_silent() -> None:
    tests = [test for case in CASES for test in yaml.safe_load(case.read_text())["tests"]]
    seen = [(one["alertname"], bool(one["exp_alerts"])) for test in tests for one in test["alert_rule_test"]]
    names = {rule["alert"] for rule in read_rules("alert")}
    assert {name for name, fires in seen if fires} == names
    assert {name for name, fires in seen if not fires} == names


@pytest.mark.parametrize("rule", read_rules("alert"), ids=lambda rule: rule["alert"])
def test_an_alert_links_to_its_own_heading_which_says_whom_it_wakes_and_what_to_do_first(rule: dict[str, Any]) -> None:
    page = (ROOT / "docs/operating.md").read_text()
    assert rule["annotations"]["runbook"] == f"docs/operating.md#{rule['alert'].lower()}"
    assert rule["alert"].lower() in list_anchors(page)
    section = re.search(rf"^### {rule['alert']}\n\n(.*?)^#", page, re.MULTILINE | re.DOTALL)
    assert section
    assert section[1].lower().startswith(rule["labels"]["severity"])
    assert re.search(r"\bfirst\b", section[1].lower())
    assert "release watch" not in section[1], "beside the watch that told of it, another one is refused"


def test_the_page_describes_no_alert_that_is_gone() -> None:
    described = re.findall(r"^### (\w+)$", (ROOT / "docs/operating.md").read_text(), re.MULTILINE)
    assert sorted(described) == sorted(rule["alert"] for rule in read_rules("alert"))


def test_the_figures_of_a_budget_differ_between_windows_in_nothing_but_the_window() -> None:
    written: dict[tuple[str, str], set[str]] = {}
    for rule in read_rules("record"):
        name, _, window = rule["record"].rpartition(":")
        assert f"[{window}]" in rule["expr"]
        shape = re.sub(rf"\[{window}\]", "[]", rule["expr"])
        written.setdefault((name, rule["labels"]["budget"]), set()).add(" ".join(shape.split()))
    assert len(written) == 4
    assert all(len(shapes) == 1 and not re.search(r"\[\w+\]", *shapes) for shapes in written.values())
