"""The comment: verdict first, true figures, noise as noise, and nothing of a revision that is more than text."""

import copy
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from credit.errors import CreditError
from release.compare.comment import LIMIT, MARKER, comment
from release.compare.facts import compared
from release.compare.markdown import escaped
from release.compare.revision import Revision, revisions

ROOT = Path(__file__).parents[3]
EVIL = "<img src=x onerror=y> | @everyone `c` **b** [l](http://e) #12"
Edit = Callable[[str, Callable[[Any], None]], None]


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Edit:
    """A repository with the small files of this one, committed; changes one JSON report and keeps dvc.lock true."""
    repository = tmp_path / "repository"
    names = ["params.yaml", "dvc.lock", "data/contracts/loanapp.yaml"]
    names += [str(path.relative_to(ROOT)) for path in (ROOT / "reports").rglob("*.json")]
    for name in names:
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.chdir(repository)
    for name in ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"):
        monkeypatch.setenv(f"GIT_{name}", "modeler@example.org")
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "base"]):
        subprocess.run(["git", *command], check=True)

    def change(file: str, by: Callable[[Any], None]) -> None:
        path = Path("reports") / file
        old = md5(path)
        content = json.loads(path.read_text())
        by(content)
        path.write_text(json.dumps(content))
        lock = Path("dvc.lock")
        lock.write_text(lock.read_text().replace(old, md5(path)))

    return change


def md5(path: Path) -> str:
    import hashlib

    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def told() -> dict[str, Any]:
    return compared(*revisions("HEAD", None, merge_base=False))


def champion_is(name: str, passes: bool) -> Callable[[Any], None]:
    def by(choice: Any) -> None:
        choice["champion"] = name
        choice["why"] = "the best roc_auc of those that pass every gate"
        choice["candidates"][name]["passes"] = passes

    return by


def test_nothing_changed_is_one_sentence(edit: Edit) -> None:
    text = comment(told())
    assert text.splitlines()[:2] == [MARKER, "### ✅ Nothing changed, the rule still goes forward"]
    assert "|" not in text


def test_another_champion_is_the_first_thing_said(edit: Edit) -> None:
    edit("choice.json", champion_is("logistic", True))
    first = comment(told()).splitlines()[1]
    assert first == (
        "### ✅ The logistic regression goes forward instead of the rule: "
        "the best roc\\_auc of those that pass every gate"
    )


def test_a_champion_that_does_not_pass_is_not_to_be_merged_and_the_rule_is(edit: Edit) -> None:
    assert told()["problems"] == [], "the rule goes forward when nobody passes, as it did before"
    edit("choice.json", champion_is("logistic", False))
    found = told()
    assert len(found["problems"]) == 1
    assert "race Black: adverse impact ratio 0.753" in found["problems"][0]
    assert comment(found).splitlines()[1] == "### ❌ Not to be merged"


def test_a_champion_whose_verdict_is_fail_is_not_to_be_merged(edit: Edit) -> None:
    edit("choice.json", champion_is("logistic", True))
    edit("fairness/logistic.json", lambda file: file.update(verdict="fail"))
    assert told()["problems"] == ["the fairness verdict of the champion logistic is fail"]


def test_a_report_that_was_edited_by_hand_is_found(edit: Edit) -> None:
    path = Path("reports/metrics.json")
    path.write_text(path.read_text().replace("0.7515", "0.9515"))
    assert told()["problems"] == ["reports/metrics.json is not what the pipeline wrote; run dvc repro"]


def test_a_change_within_the_interval_is_told_as_noise_and_one_beyond_it_is_not(edit: Edit) -> None:
    def better(metrics: Any) -> None:
        metrics["heuristic"] |= {"roc_auc": 0.76, "roc_auc_interval": [0.70, 0.80]}
        metrics["heuristic"] |= {"bad_rate": 0.2, "bad_rate_interval": [0.18, 0.22]}

    edit("metrics.json", better)
    rows = {row["figure"]: row for row in told()["metrics"] if row["candidate"] == "heuristic"}
    assert rows["roc_auc"]["change"] == pytest.approx(0.0085)
    assert (rows["roc_auc"]["beyond_noise"], rows["bad_rate"]["beyond_noise"]) == (False, True)
    text = comment(told())
    assert "| roc auc | 0.751 | 0.760 | +0.009 | 0.700 to 0.800 | within |" in text
    assert "| bad rate | 0.072 | 0.200 | +0.128 | 0.180 to 0.220 | beyond it |" in text


def test_a_group_that_is_treated_worse_is_in_the_table_and_in_the_chart(edit: Edit) -> None:
    def worse(file: Any) -> None:
        file["groups"]["race: Hispanic"] |= {"adverse_impact_ratio": 0.5, "adverse_impact_ratio_interval": [0.4, 0.6]}
        next(f for f in file["findings"] if f["group"] == "Hispanic")["verdict"] = "fail"

    edit("fairness/heuristic.json", worse)
    text = comment(told())
    assert "| race: Hispanic | 111 | 0.856 | 0.913 (0.830 to 0.971) → 0.500 (0.400 to 0.600) |" in text
    assert "pass → fail |" in text
    assert 'x-axis ["race: Hispanic"]' in text
    assert "bar [0.500]\n  line [0.913]" in text


def test_features_that_come_and_go_are_named_with_the_reason(edit: Edit) -> None:
    def other(features: Any) -> None:
        features["kept"] = [name for name in features["kept"] if name != "appinc"] + ["male"]
        next(row for row in features["features"] if row["feature"] == "appinc")["verdict"] = "missing too often"

    edit("features.json", other)
    text = comment(told())
    assert "- added male" in text
    assert "- dropped appinc: missing too often" in text


def test_params_and_data_that_changed_are_named(edit: Edit) -> None:
    path = Path("params.yaml")
    path.write_text(path.read_text().replace("referral_budget: 0.05 ", "referral_budget: 0.10 "))
    edit("validation.json", lambda file: file.update(accepted=1979, quarantined=10))
    found = told()
    assert found["params"] == {"train.policy.referral_budget": [0.05, 0.1]}
    assert found["data"]["counts"]["quarantined"] == [9, 10]
    assert "quarantined 9 → 10" in comment(found)


def test_what_a_revision_says_is_text_and_nothing_more(edit: Edit) -> None:
    def evil(file: Any) -> None:
        file["groups"][f"race: {EVIL}"] = copy.deepcopy(file["groups"]["race: Black"]) | {"adverse_impact_ratio": 0.6}

    edit("fairness/heuristic.json", evil)
    edit("features.json", lambda file: file["kept"].append(EVIL))
    edit("choice.json", lambda file: file.update(why=EVIL))
    text = comment(told())
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert "<img" not in html
    assert "<a " not in html
    assert "<code>c</code>" not in html
    assert "<strong>b</strong>" not in html
    assert "@everyone" not in text
    assert "http://e" not in text
    rows = [line for line in text.splitlines() if "onerror" in line and line.startswith("|")]
    assert rows
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) == 8, "the bar in the name ends no cell"
    found = told()
    found["fairness"]["champion"][1] |= {"group": EVIL, "ratio": [0.7, 0.6]}
    (axis,) = [line for line in comment(found).splitlines() if "x-axis" in line]
    assert re.fullmatch(r'  x-axis \[("[\w .:-]+"(, )?)+\]', axis)


@pytest.mark.parametrize("text", ["a\nb", "a\r\n| b", "\u2028"])
def test_escaped_text_stays_on_one_line(text: str) -> None:
    assert len(escaped(text).splitlines()) <= 1


def test_a_comment_that_github_would_not_take_loses_its_details_and_says_so(edit: Edit) -> None:
    edit("features.json", lambda file: file["kept"].extend(f"a_feature_with_a_long_name_{i}" for i in range(3000)))
    text = comment(told())
    assert len(text) < 65_536
    assert len(text) > LIMIT / 2
    assert text.rstrip().endswith("_Cut: `release compare` prints all of it._")
    assert "Features" in text


def test_an_unknown_revision_is_one_line(edit: Edit) -> None:
    with pytest.raises(CreditError, match="git rev-parse: found fatal"):
        revisions("no-such-branch", None, merge_base=False)
    with pytest.raises(CreditError):
        revisions("--output=/tmp/x", None, merge_base=False)


def test_a_shallow_clone_is_refused_instead_of_compared_with_nothing(
    edit: Edit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "commit", "--quiet", "--allow-empty", "--message", "more"], check=True)
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", f"file://{Path.cwd()}", str(tmp_path / "c")], check=True)
    monkeypatch.chdir(tmp_path / "c")
    with pytest.raises(CreditError, match="a shallow one"):
        revisions("HEAD", None, merge_base=True)


def test_the_merge_base_is_where_the_branches_parted(edit: Edit) -> None:
    base = revisions("HEAD", None, merge_base=False)[0].commit
    for command in (["checkout", "--quiet", "-b", "other"], ["commit", "--quiet", "--allow-empty", "-m", "theirs"]):
        subprocess.run(["git", *command], check=True)
    subprocess.run(["git", "checkout", "--quiet", "-"], check=True)
    subprocess.run(["git", "commit", "--quiet", "--allow-empty", "-m", "ours"], check=True)
    assert revisions("other", "HEAD", merge_base=True)[0].commit == base


def test_a_report_that_is_no_json_is_one_line(edit: Edit) -> None:
    Path("reports/choice.json").write_text("{")
    with pytest.raises(CreditError, match=r"reports/choice\.json at the working tree"):
        Revision("the working tree", None).json("reports/choice.json")
