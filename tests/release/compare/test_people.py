"""Whose decision changes is counted person by person, on the real pipeline."""

import json

import pandas as pd
from projects import Project


def test_flips_are_those_that_a_person_would_count(finished: Project) -> None:
    """The champion is the rule; let the random forest go forward instead, and count anew with pandas."""
    choice = json.loads((finished.folder / "reports/choice.json").read_text())
    choice["champion"] = "random_forest"
    (finished.folder / "reports/choice.json").write_text(json.dumps(choice))
    told = json.loads(finished.run("python", "-m", "release", "compare", "HEAD", "--json").stdout)["people"]
    files = [finished.folder / f"data/predictions/{name}.parquet" for name in ("heuristic", "random_forest")]
    old, new = map(pd.read_parquet, files)
    table = pd.crosstab(old["decision"].astype(str), new["decision"].astype(str))
    expected = [[int(table.get(b, {}).get(a, 0)) for b in told["decisions"]] for a in told["decisions"]]
    assert told["flips"] == expected
    assert told["flipped"] == int((old["decision"].astype(str) != new["decision"].astype(str)).sum()) > 50
    black = next(f for f in told["findings"] if (f["attribute"], f["group"]) == ("race", "Black"))
    of = old["group_race"].astype(str) == "Black"
    refused = of & (old["decision"].astype(str) == "approve") & (new["decision"].astype(str) == "deny")
    assert black["flips"]["approve_to_deny"] == int(refused.sum())
    assert black["adverse_impact_ratio_change"] < 0


def test_predictions_that_are_nowhere_are_said_to_be(finished: Project) -> None:
    finished.run("git", "commit", "--quiet", "--allow-empty", "--message", "more")
    for path in (finished.folder / ".dvc/cache/files/md5").rglob("*"):
        if path.is_file() and not path.name.endswith(".dir"):
            path.unlink()
    done = finished.run("python", "-m", "release", "compare", "HEAD~1", "--json")
    assert "neither in DVC's cache nor in its remote" in json.loads(done.stdout)["people"]["why_not"]
