"""The command line judges as the pipeline does, and its exit code is the verdict."""

import json
import subprocess
from typing import Any

import pandas as pd
import pytest

from testing.lenders.frozen import CANDIDATES
from testing.projects import Project


def command(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return project.run("python", "-m", "credit.fairness", *arguments, check=False)


def test_the_command_the_stage_and_the_exit_code_agree(finished: Project) -> None:
    for name in CANDIDATES:
        done = command(finished, name, "--json")
        told, report = (
            json.loads(done.stdout),
            json.loads((finished.folder / f"reports/fairness/{name}.json").read_text()),
        )
        assert done.returncode == (3 if report["blocks"] else 0)
        for key in ("policy", "rows", "verdict", "blocks", "attributes", "lowest_adverse_impact_ratio", "findings"):
            assert told[key] == report[key], key


def test_the_champion_is_judged_by_default_in_words(finished: Project) -> None:
    done = command(finished)
    assert done.returncode == 3
    assert done.stdout.startswith("heuristic, 1,980 people, policy four_fifths_screen: unequal\n")
    assert "blocks: race Black: adverse impact ratio 0.779" in done.stdout
    assert done.stdout.endswith("\nblocked\n")


def test_another_policy_is_one_word(finished: Project) -> None:
    done = command(finished, "random_forest", "--policy", "report_only")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "not blocked")


def test_a_version_against_itself_has_not_changed_and_a_worse_one_blocks(finished: Project) -> None:
    def against(*arguments: str) -> dict[str, Any]:
        file = "data/predictions/random_forest.parquet"
        told: dict[str, Any] = json.loads(
            command(finished, "random_forest", "--against", file, "--json", *arguments).stdout
        )
        return dict(told["against"])

    frame = pd.read_parquet(finished.folder / "data/predictions/random_forest.parquet")
    approved = frame.index[(frame["group_race"] == "Black") & (frame["decision"] == "approve")]
    frame["decision"] = frame["decision"].mask(frame.index.isin(approved[::4]), "deny")
    frame.to_parquet(finished.folder / "worse.parquet")
    same, worse = against(), against("--predictions", "worse.parquet")
    assert not same["blocks"]
    assert {one["adverse_impact_ratio_change"] for one in same["findings"]} <= {0, None}
    assert next(one["group"] for one in worse["findings"] if one["blocks"]) == "Black"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["nobody"],
            "CANDIDATE: found nobody, expected one of heuristic, logistic, random_forest; ",
        ),
        (["logistic", "--policy", "six"], "policy: found six, expected one of four_fifths_screen, equal_opportunity"),
        (["logistic", "--against", "data/test.parquet"], "data/test.parquet: found no column group_race, expected it"),
        (["logistic", "--against", "other.parquet"], "other.parquet: found predictions about 3 other people"),
        (["logistic", "--predictions", "params.yaml"], "params.yaml: found a file of another kind, expected Parquet"),
    ],
)
def test_what_cannot_be_used_is_one_line(finished: Project, arguments: list[str], said: str) -> None:
    import pyarrow.parquet as pq

    few = pq.read_table(finished.folder / "data/predictions/logistic.parquet").slice(0, 3)
    pq.write_table(few, finished.folder / "other.parquet")
    done = command(finished, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {said}")
    assert all(line.startswith("error: ") for line in done.stderr.splitlines())


def test_the_exit_code_is_the_verdict_although_nobody_reads_it(finished: Project) -> None:
    for command, code in (("credit.fairness", 3), ("credit.explain --row 0", 0), ("credit.summary", 0)):
        done = finished.run("bash", "-c", f"python -m {command} | true; exit ${{PIPESTATUS[0]}}", check=False)
        assert (done.returncode, done.stderr) == (code, ""), command


def test_the_help_has_examples() -> None:
    done = subprocess.run(["python", "-m", "credit.fairness", "--help"], capture_output=True, text=True, check=True)
    assert "examples:" in done.stdout
    assert "3: blocked" in done.stdout
