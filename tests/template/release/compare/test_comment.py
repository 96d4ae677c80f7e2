"""The comment: verdict first, true figures, noise as noise, and nothing of a revision that is more than text."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from credit.reports.fairness import ChangeFinding
from release.compare.comment import MARKER, MAX_CHARACTERS, render_comment
from release.compare.comparison import CHAMPION, Comparison, compare_revisions
from release.compare.decisions import DecisionComparison
from release.compare.features import Proxy
from release.compare.markdown import escape
from release.compare.sides import Sides
from release.repository.revision import resolve_revisions
from testing.report_edits import Edit, commit_all

EVIL = "<img src=x onerror=y> | @everyone `c` **b** [l](http://e) #12"


def told() -> Comparison:
    return compare_revisions(*resolve_revisions("HEAD", None, merge_base=False))


def champion_is(name: str, passes: bool) -> Callable[[Any], None]:
    def by(choice: Any) -> None:
        choice["champion"] = name
        choice["why"] = "the best roc_auc of those that pass every gate"
        choice["candidates"][name]["eligible"] = passes

    return by


def test_nothing_changed_is_one_sentence(edit: Edit) -> None:
    text = render_comment(told())
    assert text.splitlines()[:2] == [MARKER, "### ✅ Nothing changed, the rule still goes forward"]
    assert "|" not in text


def test_another_champion_is_the_first_thing_said(edit: Edit) -> None:
    edit("choice.json", champion_is("logistic", True))
    first = render_comment(told()).splitlines()[1]
    assert first == (
        "### ✅ The logistic regression goes forward instead of the rule: "
        "the best roc\\_auc of those that pass every gate"
    )


def ratio_is(value: float) -> Callable[[Any], None]:
    def by(report: Any) -> None:
        report["groups"]["race: Black"]["adverse_impact_ratio"] = value

    return by


def test_a_ratio_says_whether_the_seeds_may_have_moved_it_and_how_to_find_the_step(edit: Edit) -> None:
    edit("choice.json", champion_is("logistic", True))
    commit_all()
    edit("fairness/logistic.json", ratio_is(0.745))
    text = render_comment(told())
    assert "within the seed band ±0.0" in text
    assert "release blame" not in text
    edit("fairness/logistic.json", ratio_is(0.6))
    text = render_comment(told())
    assert "beyond the seed band ±0.0" in text
    assert re.search(r"`release blame [0-9a-f]{10} workspace`, or the label `blame` on a pull request", text)


def test_a_champion_that_does_not_pass_is_not_to_be_merged_and_the_rule_is(edit: Edit) -> None:
    assert told().problems == (), "the rule goes forward when nobody passes, as it did before"
    edit("choice.json", champion_is("logistic", False))
    found = told()
    assert len(found.problems) == 1
    assert "race Black: adverse impact ratio 0.751" in found.problems[0]
    assert render_comment(found).splitlines()[1] == "### ❌ Do not merge"
    assert "did not pass every gate: race Black" in found.problems[0]


def test_a_champion_whose_verdict_is_fail_is_not_to_be_merged(edit: Edit) -> None:
    edit("choice.json", champion_is("logistic", True))

    def fail(fairness: Any) -> None:
        next(item for item in fairness["findings"] if item["blocks"])["verdict"] = "fail"

    edit("fairness/logistic.json", fail)
    (problem,) = told().problems
    assert problem.startswith("the champion logistic fails equal treatment, and nobody signs for it: race Black: ")


def test_a_change_within_the_interval_is_told_as_noise_and_one_beyond_it_is_not(edit: Edit) -> None:
    def better(metrics: Any) -> None:
        metrics["heuristic"] |= {"roc_auc": 0.76, "roc_auc_interval": [0.70, 0.80]}
        metrics["heuristic"] |= {"bad_rate": 0.2, "bad_rate_interval": [0.18, 0.22]}

    edit("metrics.json", better)
    rows = {row.figure: row for row in told().metrics if row.candidate == "heuristic"}
    assert rows["roc_auc"].change == pytest.approx(0.0085)
    assert (rows["roc_auc"].beyond_noise, rows["bad_rate"].beyond_noise) == (False, True)
    text = render_comment(told())
    assert "| roc auc | 0.751 | 0.760 | +0.009 | 0.700 to 0.800 | may be |" in text
    assert "| bad rate | 0.072 | 0.200 | +0.128 | 0.180 to 0.220 | **no, beyond it** |" in text


@pytest.mark.parametrize("figure", ["roc_auc", "expected_value"])
@pytest.mark.parametrize(("deviation", "beyond"), [(0.0, True), (0.001, True), (0.01, False)])
def test_a_move_that_other_seeds_make_is_noise_and_suggests_no_blame(
    edit: Edit, figure: str, deviation: float, beyond: bool
) -> None:
    def measured(report: Any) -> None:
        spread = {"lowest": 0.86, "mean": 0.87, "highest": 0.88, "deviation": deviation}
        seeds = {"fits": 6, "roc_auc": spread}
        older = {} if figure == "roc_auc" else {"deviations": {figure: deviation}}
        report["candidates"]["logistic"]["seeds"] = seeds | older

    edit("choice.json", champion_is("logistic", True))
    edit("stability.json", measured)
    commit_all()
    before = json.loads(Path("reports/metrics.json").read_text())["logistic"][figure]
    moved = {figure: before + 0.02, f"{figure}_interval": [before + 0.01, before + 0.03]}
    edit("metrics.json", lambda metrics: metrics["logistic"].update(moved))
    (row,) = [one for one in told().champion_metrics if one.figure == figure]
    assert row.seed_band == pytest.approx(5.6042 * 2**0.5 * deviation, rel=1e-3), (
        "Student's t with 5 degrees, both sides, of eight figures"
    )
    assert row.beyond_noise is beyond
    text = render_comment(told())
    assert ("Which step moved the figures: `release blame" in text) is beyond
    assert (f"seed band ±{row.seed_band:.3f}" in text) is (deviation > 0)


def test_a_group_that_is_treated_worse_is_in_the_table_and_in_the_chart(edit: Edit) -> None:
    def worse(file: Any) -> None:
        file["groups"]["race: Hispanic"] |= {"adverse_impact_ratio": 0.5, "adverse_impact_ratio_interval": [0.4, 0.6]}
        next(f for f in file["findings"] if f["group"] == "Hispanic")["verdict"] = "fail"

    edit("fairness/heuristic.json", worse)
    text = render_comment(told())
    assert "| race: Hispanic | 111 | 0.856 | 0.913 (0.830 to 0.971) → 0.500 (0.400 to 0.600) |" in text
    assert "pass → fail |" in text
    assert 'x-axis ["race: Hispanic", "' in text, "the group that moved most stands first"
    bar, line = (re.search(rf"{kind} \[(.*)]", text)[1].split(", ") for kind in ("bar", "line"))  # type: ignore[index]
    assert (bar[0], line[0]) == ("0.500", "0.913")
    assert bar[1:] == line[1:]


def test_when_another_champion_goes_forward_quality_is_that_of_the_two_champions(edit: Edit) -> None:
    edit("choice.json", champion_is("random_forest", True))
    found = told()
    (auc,) = [row for row in found.champion_metrics if row.figure == "roc_auc"]
    assert (auc.base, auc.head) == (0.7515, 0.8933)
    text = render_comment(found)
    assert "**Quality** of the champion, the rule → the random forest, on the test rows" in text
    assert "| roc auc | 0.751 | 0.893 | +0.142 | 0.851 to 0.936 | **no, beyond it**, seed band ±0.011 |" in text


def test_a_drop_beyond_chance_is_said_before_everything_else(edit: Edit) -> None:
    edit("choice.json", champion_is("logistic", True))
    black = ChangeFinding(
        attribute="race", group="Black", people=5, blocks=True, reason="", flips={"approve_to_deny": 1},
        adverse_impact_ratio=0.71, adverse_impact_ratio_change=-0.05,
        adverse_impact_ratio_change_interval=(-0.08, -0.02),
        true_positive_rate_change=None, true_positive_rate_change_interval=None,
    )  # fmt: skip
    people = DecisionComparison(
        people=10, only_in_base=0, only_in_head=2, flipped=1, flips=((9, 0, 1), (0,) * 3, (0,) * 3),
        decisions=("approve", "refer", "deny"), level=0.9, blocks=True, findings=(black,), roc_auc=None,
    )  # fmt: skip
    found = told().model_copy(update={"people": people})
    text = render_comment(found)
    assert text.splitlines()[1].startswith("### ⚠️ The logistic regression goes forward instead of the rule")
    assert text.splitlines()[2] == (
        "- ⚠️ race Black: the ratio to the reference falls by more than chance, -0.050 (-0.080 to -0.020)"
    )
    assert "1 of 10 people (10.0%) are decided differently. 2 more are only in the table of the head." in text
    assert "| -0.050 (-0.080 to -0.020) **drop** | 1 / 0 |" in text


def test_a_waiver_is_listed_with_who_and_why(edit: Edit) -> None:
    edit("choice.json", champion_is("logistic", True))
    Path("waivers").mkdir()
    lines = ["candidate: logistic", "attribute: race", "group: Black", "measure: adverse_impact_ratio"]
    lines += ["who: A. Reviewer", "why: few people", "until: 2099-01-01"]
    Path("waivers/black.yaml").write_text("\n".join(lines))
    line = (
        "- waiver waivers/black.yaml: logistic, race Black, adverse\\_impact\\_ratio, by A. Reviewer until 2099-01-01"
    )
    assert f"{line}: few people" in render_comment(told()).splitlines()
    commit_all()
    text = render_comment(compare_revisions(*resolve_revisions("HEAD~1", "HEAD", merge_base=False)))
    assert f"{line}: few people" in text.splitlines(), "of a commit as of the working tree"


def test_a_new_proxy_is_named_and_an_old_one_is_not(edit: Edit) -> None:
    def guesses(features: Any) -> None:
        next(row for row in features["features"] if row["feature"] == "liq")["proxy"]["race"] = 0.7

    edit("features.json", guesses)
    found = told()
    assert found.features.new_proxies == (Proxy(feature="liq", attribute="race", auc=0.7),)
    assert "- ⚠️ liq is a new proxy: it predicts race with an AUC of 0.700" in render_comment(found)


def test_a_new_feature_about_a_place_is_named_as_the_proxy_that_it_is(edit: Edit) -> None:
    """Its AUC alone does not say so."""

    def mark(features: Any) -> None:
        next(row for row in features["features"] if row["feature"] == "liq")["about"] = "place"

    edit("features.json", mark)
    found = told()
    assert (found.features.new_places, found.features.new_proxies) == (("liq",), ())
    said = "- ⚠️ liq is about a place, and so about who lives there: a proxy by what it is"
    assert said in render_comment(found).splitlines()


def test_features_that_come_and_go_are_named_with_the_reason(edit: Edit) -> None:
    def other(features: Any) -> None:
        features["kept"] = [name for name in features["kept"] if name != "appinc"] + ["male"]
        next(row for row in features["features"] if row["feature"] == "appinc")["verdict"] = "missing too often"

    edit("features.json", other)
    text = render_comment(told())
    assert "- added male" in text
    assert "- dropped appinc: missing too often" in text


def test_params_and_data_that_changed_are_named(edit: Edit) -> None:
    path = Path("params.yaml")
    path.write_text(path.read_text().replace("referral_budget: 0.05 ", "referral_budget: 0.10 "))
    edit("validation.json", lambda file: file.update(accepted=1979, quarantined=10))
    found = told()
    assert found.params == {"train.policy.referral_budget": (0.05, 0.1)}
    assert found.data.counts["quarantined"] == (9, 10)
    assert (found.data.counts["train"], found.data.counts["test"]) == ((1384, 1383), (596, 596))
    assert "quarantined 9 → 10, train 1,384 → 1,383, test 596" in render_comment(found)


def test_what_a_revision_says_is_text_and_nothing_more(edit: Edit) -> None:
    def evil(file: Any) -> None:
        file["groups"][f"race: {EVIL}"] = copy.deepcopy(file["groups"]["race: Black"]) | {"adverse_impact_ratio": 0.6}

    edit("fairness/heuristic.json", evil)
    edit("features.json", lambda file: file["kept"].append(EVIL))
    edit("choice.json", lambda file: file.update(why=EVIL))
    edit("metrics.json", lambda file: file.update({EVIL: file["logistic"] | {"roc_auc": 0.1}}))
    Path("params.yaml").write_text(Path("params.yaml").read_text() + json.dumps(EVIL) + ": " + json.dumps(EVIL))
    text = render_comment(told())
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert "<img" not in html
    assert "<a " not in html
    assert "<code>c</code>" not in html
    assert "<strong>b</strong>" not in html
    assert "@everyone" not in text
    assert "#12" not in text, "nor does it link an issue, which GitHub looks for after Markdown is read"
    assert "http://e" not in text
    bars = re.compile(r"(?<!\\)\|")
    sizes = {len(bars.findall(line)) for line in text.splitlines() if "onerror" in line and line.startswith("|")}
    assert sizes == {4, 8}, "the bar in the name ends no cell of parameters, nor of groups and metrics"
    found = told()
    first, second, *rest = found.fairness[CHAMPION]
    evil_group = second.model_copy(update={"group": EVIL, "ratio": Sides(0.7, 0.6)})
    found.fairness[CHAMPION] = (first, evil_group, *rest)
    (axis,) = [line for line in render_comment(found).splitlines() if "x-axis" in line]
    assert re.fullmatch(r'  x-axis \[("[\w .:-]+"(, )?)+\]', axis)


def test_gates_that_move_so_that_it_passes_are_said_first(edit: Edit) -> None:
    edit("choice.json", champion_is("logistic", True))
    path = Path("params.yaml")
    path.write_text(path.read_text().replace("policy: four_fifths_screen ", "policy: report_only "))
    lines = render_comment(told()).splitlines()
    assert lines[1].startswith("### ⚠️ The logistic regression goes forward instead of the rule")
    assert lines[2] == "- ⚠️ the gates themselves change: fairness.policy four\\_fifths\\_screen → report\\_only"


def test_a_long_table_is_cut_between_two_rows_and_stays_a_table(edit: Edit) -> None:
    def many(file: Any) -> None:
        black = file["groups"]["race: Black"]
        file["groups"] |= {f"race: group {i} {'x' * 50}": black | {"people": i} for i in range(1500)}

    edit("fairness/heuristic.json", many)
    text = render_comment(told())
    assert MAX_CHARACTERS * 0.9 < len(text) < 65_536
    rows = [line for line in text.splitlines() if "xxx" in line and line.startswith("|")]
    assert len(rows) > 100
    assert all(line.count("|") == 8 for line in rows)


def test_what_opens_on_a_click_has_a_title_without_backslashes(edit: Edit) -> None:
    def worse(file: Any) -> None:
        file["groups"]["race: Hispanic"] |= {"adverse_impact_ratio": 0.5}

    edit("fairness/random_forest.json", worse)
    assert "<summary>1 groups that changed under random_forest</summary>" in render_comment(told())


def test_text_that_turns_the_direction_of_reading_or_drives_a_terminal_is_gone() -> None:
    assert escape("a\u202eb\x1b[31mc") == "a b \\[31mc"


@pytest.mark.parametrize("text", ["a\nb", "a\r\n| b", "\u2028"])
def test_escaped_text_stays_on_one_line(text: str) -> None:
    assert len(escape(text).splitlines()) <= 1


def test_a_comment_that_github_would_not_take_loses_its_details_and_says_so(edit: Edit) -> None:
    edit("features.json", lambda file: file["kept"].extend(f"a_feature_with_a_long_name_{i}" for i in range(3000)))
    text = render_comment(told())
    assert len(text) < 65_536
    assert "<details>" not in text
    assert text.rstrip().endswith("_Truncated to GitHub's limit; `release compare --json` prints everything._")
    assert "**Features**: 3030 kept" in text
    assert "**Data**" in text, "only what is too long is cut"
    assert "a_feature" not in text.replace("\\", ""), "no line is cut in two"
