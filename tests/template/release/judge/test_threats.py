"""The pipeline of the base really runs on a change that attacks its judge; what it says is not what the change says."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.common.errors import CreditError
from release.judge.trial import BELIEVED, copy_results
from testing.projects import Project


def judge(project: Project, *options: str) -> tuple[int, dict[str, Any]]:
    """Judge the branch `change` from a checkout of main, as the workflow does."""
    project.run("git", "checkout", "--quiet", "main")
    done = project.run("python", "-m", "release", "judge", "main", "change", *options, "--json", check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def start_change(project: Project) -> None:
    project.run("git", "checkout", "--quiet", "-b", "change")


WAIVER = """
candidate: random_forest
attribute: race
group: Black
measure: adverse_impact_ratio
who: model risk committee
second: the head of lending
why: it is fine
until: 2126-01-01
"""


def test_a_change_that_weakens_everything_at_once_is_judged_by_nothing_that_it_brings(finished: Project) -> None:
    """Each of these let the forest go forward where a pull request was judged by itself."""
    before = json.loads((finished.folder / "reports/choice.json").read_text())
    start_change(finished)
    finished.edit("params.yaml", "policy: four_fifths_screen ", "policy: report_only ")
    finished.edit("params.yaml", "max_quarantined: 0.05 ", "max_quarantined: 0.99 ")
    finished.edit("params.yaml", 'salt: "2026" ', 'salt: "shopped" ')
    finished.edit("params.yaml", "max_other_decisions: 0 ", "max_other_decisions: 5000 ")
    contract = finished.folder / "data/contracts/loanapp.yaml"
    text = contract.read_text()
    start, end = text.index("  race:\n"), text.index("  sex:\n")
    contract.write_text((text[:start] + text[end:]).replace("range: [0, 5000]", "range: [300, 5000]", 1))
    for path in ("credit/fairness/verdicts.py", "stages/fairness.py"):
        (finished.folder / path).write_text('raise SystemExit("the judge of the change ran")\n')
    finished.edit("dvc.yaml", "  fairness:\n", "  fairness:\n    frozen: true\n")
    finished.edit(
        ".dvc/config", "[core]", "[core]\n    remote = theirs\n['remote \"theirs\"']\n    url = /nowhere\n[core]"
    )
    finished.edit("reports/choice.json", '"champion": "heuristic"', '"champion": "random_forest"')
    finished.edit("reports/choice.json", '"eligible": false', '"eligible": true')
    (finished.folder / "waivers/forest.yaml").write_text(WAIVER)
    finished.commit()
    code, found = judge(finished)
    assert code == 3
    assert found["champion"] == ["heuristic", "random_forest"]
    for one in found["verdicts"]:
        assert one["verdict"][0] == before["candidates"][one["candidate"]]["verdict"] == "unequal"
        assert one["eligible"] == [False, True]
    assert found["comparison"]["data"]["counts"]["accepted"] == [1980, 1980], "no row left through another limit"
    assert {row["attribute"] for row in found["comparison"]["fairness"]["champion"]} >= {"race", "sex"}
    assert found["champions"] == {"heuristic": 2}, "in each partition into folds"
    assert found["comparison"]["people"]["flipped"] == 0, "the same folds: the seed is the base's"
    (own,) = [problem for problem in found["problems"] if "by its own judge" in problem]
    assert "race Black: adverse impact ratio" in own
    assert "dvc.yaml: fairness is frozen, so it would never run again; remove `frozen`" in found["problems"]
    told = {one["where"]: one["is_used"] for one in found["changes"]}
    assert told == dict.fromkeys(
        [
            "fairness.policy", "validate.max_quarantined", "split.salt", "predict.salt", "package.max_other_decisions",
            "loanapp.yaml: columns.race", "loanapp.yaml: columns.loanamt.range", ".dvc/config", "dvc.yaml",
            "credit/fairness/verdicts.py", "stages/fairness.py", "waivers/forest.yaml",
        ],
        False,
    )  # fmt: skip


def test_what_a_change_makes_of_the_rule_is_judged_and_its_predictions_are_about_everybody(finished: Project) -> None:
    """Another rule approves Black applicants at less than half of the rate; then the results leave people out."""
    start_change(finished)
    finished.edit(
        "data/contracts/loanapp.yaml", "    role: score\n    more_is: better\n    threshold: 1\n", "    role: feature\n"
    )
    rule = "rule:\n  sql: loanprc\n  threshold: 0.79\n  approve: at_most\n  reason: You ask for too much\n"
    finished.edit("data/contracts/loanapp.yaml", "columns:\n", f"{rule}\ncolumns:\n")
    spanish = "rule: {reason: Pide demasiado}\ncolumns:\n"
    finished.edit("data/contracts/reasons/loanapp.es.yaml", "columns:\n", spanish)
    with (finished.folder / "credit/candidates/logistic.py").open("a") as file:
        file.write("# looked at by nobody yet\n")
    finished.commit()
    results = finished.folder.parent / "results"
    assert judge(finished, "--only", "run", "--results", str(results))[0] == 0
    code, found = judge(finished, "--only", "judge", "--results", str(results))
    assert code == 3
    assert found["training_code"] == ["credit/candidates/logistic.py"]
    assert {one["where"]: one["is_used"] for one in found["changes"]} == {
        "loanapp.yaml: rule": True,
        "loanapp.yaml: columns.gdlin.more_is": False,
        "loanapp.yaml: columns.gdlin.threshold": True,
    }
    drops = [problem for problem in found["problems"] if "a drop of more than" in problem]
    assert [drop for drop in drops if drop.startswith("against the base: race Black: ")]
    predictions = results / "data/predictions/heuristic.parquet"
    table = pq.read_table(predictions)
    keep = [value != "Black" or row % 2 for row, value in enumerate(table["group_race"].to_pylist())]
    pq.write_table(table.filter(pa.array(list(map(bool, keep)))), predictions)
    other = results / "data/predictions/logistic.parquet"
    lie = pq.read_table(other)
    at = lie.schema.get_field_index("favourable")
    pq.write_table(lie.set_column(at, "favourable", pa.array([True] * len(lie))), other)
    code, found = judge(finished, "--only", "judge", "--results", str(results))
    assert code == 3
    assert found["comparison"] is None
    assert "people, expected 1,980, all who are judged" in found["problems"][0]
    assert "the predictions of logistic: found 2" in found["problems"][1]
    assert "people with another label, expected that of the data" in found["problems"][1]


def test_people_who_left_the_raw_data_are_told_by_group_in_the_comment_whatever_the_change_says(
    finished: Project,
) -> None:
    """A lender's own data, known to git by their hash; the change leaves most Black applicants out of the file."""
    raw = finished.folder / "data/raw/loanapp"
    finished.edit("dvc.yaml", "dataset: [loanapp, scenario]", "dataset: [scenario]")
    finished.run("dvc", "add", "--quiet", "data/raw/loanapp")
    finished.commit()
    start_change(finished)
    head, *rows = raw.read_text().splitlines(keepends=True)
    place = head.strip().split(",").index("black")
    left = [row for row in rows if row.split(",")[place] == "1"][:150]
    raw.unlink()
    raw.write_text(head + "".join(row for row in rows if row not in left))
    finished.run("dvc", "add", "--quiet", "data/raw/loanapp")
    finished.commit()
    finished.run("git", "checkout", "--quiet", "main")
    base = json.loads((finished.folder / "reports/validation.json").read_text())["groups"]["race"]
    done = finished.run("python", "-m", "release", "judge", "main", "change", check=False)
    assert "**⚠️ Who left the data** since the base, by group" in done.stdout, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("- race ")]
    assert lines[0].startswith(f"- race Black: {base['Black']:,} → ")
    told = int(lines[0].partition(" → ")[2].split()[0].replace(",", ""))
    assert base["Black"] - 150 <= told < base["Black"] - 140, "but for those whom the limits set aside anyway"
    assert len(lines) == 1, "nobody else left"
    assert done.returncode in (3, 4), "it is for somebody who answers for the judge, blocked or not"


def test_results_that_are_missing_or_are_links_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CreditError, match=r"lack dvc\.lock, reports/features\.json"):
        copy_results(tmp_path / "none", tmp_path / "to")
    for name in BELIEVED:
        path = tmp_path / "from" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (tmp_path / "from/reports/plots").unlink()
    (tmp_path / "from/reports/plots").mkdir()
    (tmp_path / "from/reports/plots/roc.csv").symlink_to("/etc/passwd")
    with pytest.raises(CreditError, match=r"reports/plots/roc\.csv is a link"):
        copy_results(tmp_path / "from", tmp_path / "to")
