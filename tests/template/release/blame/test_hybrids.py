"""Hybrids: what does not run is joined, a killed run is resumed, nothing of the user's is touched."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from release.blame.cause import find_cause, leave_hybrid
from release.blame.hybrids.factors import find_differences
from release.blame.investigation import Question
from release.blame.versions import resolve_versions
from release.compare.sides import Sides
from release.repository.git import resolve_commit
from testing.lenders.frozen import ROOT
from testing.traceable_lender import CONTRACT, RATIO, TraceableLender, make_rows

COMMAND = [sys.executable, "-m", "release", "blame", "good", "main", "--of", RATIO, "--json"]


def ask(bad: str = "main") -> Question:
    return Question(resolve_versions("good", bad), (RATIO,))


def take_picture(folder: Path) -> dict[str, str]:
    """Hash every file of the project, git's and DVC's too, but for what a cache gains."""
    skipped = (folder / ".dvc/cache", folder / ".dvc/tmp")
    files = [file for file in folder.rglob("*") if file.is_file() and not any(one in file.parents for one in skipped)]
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def plant_two(lender: TraceableLender) -> None:
    lender.write_rows(make_rows(burden=1.0))
    lender.project.edit("stages/scoring.py", "+ noise", "+ noise - 0.4 * (row['race'] == 'Black')")


def test_code_that_reads_a_parameter_which_the_old_ones_lack_is_one_factor_with_them(lender: TraceableLender) -> None:
    lender.edit_params(lambda params: params["train"].update(burden=0.8))
    burden = "- params['train']['burden'] * (row['race'] == 'Black')"
    reading = "import random, yaml\nparams = yaml.safe_load(open('params.yaml'))"
    lender.project.edit("stages/scoring.py", "import random", reading)
    lender.project.edit("stages/scoring.py", "+ noise", f"+ noise {burden}")
    lender.project.edit("dvc.yaml", "- train.flagged", "- train.flagged\n    - train.burden")
    lender.project.edit(CONTRACT, "columns:", "# as it was\ncolumns:")
    lender.build()
    answer = find_cause(ask())
    (joined,) = answer.joined
    assert joined.factors == ("params.train", "code")
    assert "burden" in joined.why
    (figure,) = answer.figures
    assert {part.factor: part.value for part in figure.parts} == {
        "contract": 0.0,
        "params.train + code": pytest.approx(figure.move),
    }
    assert answer.verdict == "attributed"


def test_a_run_that_was_killed_is_resumed_and_nothing_of_the_user_is_touched(lender: TraceableLender) -> None:
    plant_two(lender)
    lender.build()
    lender.project.edit("params.yaml", "share: 0.6", "share: 0.5")  # work that is not committed
    (lender.folder / "notes").write_text("neither is this")
    before = take_picture(lender.folder)
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(COMMAND, env=env, stderr=subprocess.PIPE, text=True, start_new_session=True) as killed:
        assert killed.stderr
        while not killed.stderr.readline().startswith("code "):
            assert killed.poll() is None, "it ended before it came to the hybrid of the code"
        os.killpg(killed.pid, signal.SIGKILL)
    assert take_picture(lender.folder) == before
    done = subprocess.run(COMMAND, env=env, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["runs"] == 5, (
        "the bad version and the data were made; the code and the four of people or model were not"
    )
    assert answer["verdict"] == "attributed"
    assert take_picture(lender.folder) == before
    again = json.loads(subprocess.run(COMMAND, env=env, capture_output=True, text=True, check=True).stdout)
    assert again == answer | {"runs": 0}


def test_the_working_tree_is_a_side_with_what_is_not_committed(lender: TraceableLender) -> None:
    plant_two(lender)
    lender.project.run("dvc", "repro", "--quiet")
    (lender.folder / "data/raw/.gitignore").write_text("/mine\n/other\n")
    before = take_picture(lender.folder)
    answer = find_cause(ask("workspace"))
    (figure,) = answer.figures
    assert {part.factor for part in figure.parts if part.beyond_noise} == {"data", "code"}
    both = answer.people_or_model
    assert both is not None
    assert both.why_not == ""
    assert (both.values[0], both.values[-1]) == (figure.good, figure.bad)
    parts = {part.factor: part.value for part in figure.parts}
    assert (both.people, both.model) == (pytest.approx(parts["data"]), pytest.approx(parts["code"]))
    assert take_picture(lender.folder) == before


def test_a_version_that_cannot_be_made_again_blames_nobody(lender: TraceableLender) -> None:
    plant_two(lender)
    lender.build()
    path = lender.folder / "reports/fairness/logistic.json"
    report = json.loads(path.read_text())
    report["groups"]["race: Black"]["adverse_impact_ratio"] = 0.05
    path.write_text(json.dumps(report))
    lender.project.commit()
    answer = find_cause(ask())
    assert answer.verdict == "not reproducible"
    assert not any(figure.parts for figure in answer.figures)
    assert "0.05 in its reports" in answer.notes[0]


def test_with_many_factors_the_smallest_set_is_divided_and_the_others_are_named(lender: TraceableLender) -> None:
    lender.write_rows(make_rows(burden=1.0))
    lender.project.edit("stages/train.py", "import json", "# as it was\nimport json")
    (lender.folder / "waivers").mkdir()
    (lender.folder / "waivers/one.yaml").write_text("{}")
    lender.project.edit(CONTRACT, "columns:", "# as it was\ncolumns:")
    lender.edit_params(lambda params: params["train"]["weights"].update(home=1.0))
    lender.edit_params(lambda params: params["select_features"].update(drop=["no such feature"]))
    lender.build()
    answer = find_cause(ask())
    assert len(answer.factors) == 6
    assert [part.factor for part in answer.figures[0].parts] == ["data"]
    assert answer.verdict == "attributed"
    assert any("without contract, waivers, params.select_features, params.train, code" in one for one in answer.notes)
    assert answer.runs < 2**6 / 4


def test_other_libraries_that_cannot_be_installed_are_told_and_never_silently_nothing(
    lender: TraceableLender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    lender.write_rows(make_rows(burden=1.0))
    (lender.folder / "requirements.lock").write_text("click==0.0.1\n")
    lender.build()
    answer = find_cause(ask())
    (note,) = [one for one in answer.notes if one.startswith("libraries differ")]
    assert "not separable" in note
    assert "the libraries of good: cannot be installed, pip: " in note
    assert "PIP_FIND_LINKS" in note
    assert [of.factor for of in answer.factors] == ["data"]


def test_a_hybrid_is_left_in_a_folder_with_what_the_answer_says_of_it(lender: TraceableLender) -> None:
    plant_two(lender)
    lender.build()
    answer = find_cause(ask())
    (row,) = [one for one in answer.hybrids if one.factors == ("data",)]
    assert row.command == "release blame good main --make data --into ../data"
    folder = lender.folder.parent / "data"
    leave_hybrid(ask(), ("data",), folder)
    report = json.loads((folder / "reports/fairness/logistic.json").read_text())
    assert report["groups"]["race: Black"]["adverse_impact_ratio"] == row.figures[RATIO]
    assert lender.project.run(
        "git", "-C", str(folder), "diff", "--name-only", "good", "--", "data", "stages"
    ).stdout == ("data/raw/mine.dvc\n")
    with pytest.raises(CreditError, match="is there already"):
        leave_hybrid(ask(), ("data",), folder)
    with pytest.raises(CreditError, match=r"--make datum: found no factor, expected some of data, code"):
        leave_hybrid(ask(), ("datum",), folder)


def test_what_no_stage_above_the_figures_reads_is_no_factor(lender: TraceableLender) -> None:
    lender.edit_params(lambda params: params["package"].update(max_other_decisions=5))
    (lender.folder / "stages/package.py").write_text("nothing that DVC runs")
    (lender.folder / "README.md").write_text("read me")
    lender.project.commit()
    sides = resolve_versions("good", "main")
    found = find_differences(sides, Path(), Sides(resolve_commit("good"), resolve_commit("main")))
    assert found.factors == ()
    assert found.unread == ("params.package", "stages/package.py")


@pytest.mark.parametrize(
    ("figure", "candidate", "words"),
    [
        ("roc", None, "--of roc: found no such figure, expected one of approval_rate, expected_value, roc_auc, rows"),
        (
            "adverse_impact_ratio:race=black",
            None,
            "one of adverse_impact_ratio, selection_rate, of race=Black, race=white",
        ),
        (RATIO, "forest", "the figures of forest: in one of both versions only"),
    ],
)
def test_a_figure_or_candidate_that_is_not_there_is_said_with_those_that_are(
    lender: TraceableLender, figure: str, candidate: str | None, words: str
) -> None:
    (lender.folder / "README.md").write_text("read me")
    lender.project.commit()
    with pytest.raises(CreditError) as caught:
        find_cause(Question(resolve_versions("good", "main"), (figure,), candidate))
    assert words in str(caught.value)
