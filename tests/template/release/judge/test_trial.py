"""What a change brings into a trial: nothing that a shell runs, and nothing that lands elsewhere."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from credit.common.errors import CreditError, Problem
from release.compare.sides import Sides
from release.judge.changes import list_changed_files
from release.judge.judgement import describe_failure
from release.judge.trial import assemble_trial, pull_raw_data


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("data", {"contract": "loanapp.yaml waivers data/contract.yaml;sh data/raw/evil.sh;true x"}),
        ("train", {"candidates": ["heuristic", "$(sh data/raw/evil.sh)"]}),
    ],
)
def test_a_name_that_a_shell_would_run_is_refused_before_anything_runs(
    propose, tmp_path: Path, key: str, value: dict[str, Any]
) -> None:
    params = yaml.safe_load(Path("params.yaml").read_text())
    params[key] |= value
    revisions = propose({"params.yaml": yaml.safe_dump(params), "data/raw/evil.sh": "touch pwned\n"})
    with pytest.raises(CreditError, match="a plain name"):
        assemble_trial(tmp_path / "trial", revisions, list_changed_files(revisions), with_code=True)
    assert not (tmp_path / "trial").exists()


def test_a_link_among_the_data_is_refused(propose, tmp_path: Path) -> None:
    Path("data/raw").mkdir(parents=True)
    Path("data/raw/loans").symlink_to("../../credit")
    revisions = propose({"docs/x.md": "x"})
    with pytest.raises(CreditError, match="data/raw/loans: found a link"):
        assemble_trial(tmp_path / "trial", revisions, list_changed_files(revisions), with_code=False)


def test_a_file_called_as_a_pattern_brings_no_other_file(propose, tmp_path: Path) -> None:
    """To git `*` in the name of a file means all of them, also those that are the judge's."""
    own = Path("credit/training/cross_fitting.py")
    own.parent.mkdir(parents=True)
    own.write_text("judge = True\n")
    before = propose({".dvc/config": ""}).head
    brought = {"credit/training/*": "", "credit/training/train.py": "new = 1\n"}
    after = propose({str(own): "judge = False\n"} | brought).head
    revisions = Sides(before, after)
    assemble_trial(tmp_path / "trial", revisions, list_changed_files(revisions), with_code=True)
    assert (tmp_path / "trial" / own).read_text() == "judge = True\n"
    assert (tmp_path / "trial/credit/training/train.py").read_text() == "new = 1\n"


def test_data_that_would_land_in_the_judge_are_not_pulled(tmp_path: Path) -> None:
    """DVC writes an output wherever its file says: a module of the judge's own name would be imported first."""
    (tmp_path / "data/raw").mkdir(parents=True)
    out = {"md5": "0" * 32, "size": 1, "hash": "md5", "path": "../../duckdb.py"}
    (tmp_path / "data/raw/loans.dvc").write_text(yaml.safe_dump({"outs": [out]}))
    with pytest.raises(CreditError, match="beside this file"):
        pull_raw_data(tmp_path, "loans")


def test_a_pull_that_fails_is_a_problem_even_if_dvc_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a problem a change would pass that nobody judged."""
    (tmp_path / "data/raw").mkdir(parents=True)
    out = {"md5": "0" * 32, "size": 1, "hash": "md5", "path": "loans"}
    (tmp_path / "data/raw/loans.dvc").write_text(yaml.safe_dump({"outs": [out]}))
    silent = tmp_path / "bin/dvc"
    silent.parent.mkdir()
    silent.write_text("#!/bin/sh\nexit 1\n")
    silent.chmod(0o755)
    monkeypatch.setenv("PATH", f"{silent.parent}:{os.environ['PATH']}")
    with pytest.raises(CreditError, match="dvc fetch failed without a word"):
        pull_raw_data(tmp_path, "loans")


def test_a_change_that_could_not_be_judged_does_not_pass(propose) -> None:
    """Whatever the list of problems says."""
    revisions = propose({"docs/x.md": "x"})
    judgement = describe_failure(revisions, CreditError(Problem("the pipeline", "did not run")))
    assert not judgement.passes
    assert not judgement.model_copy(update={"problems": ()}).passes
    with pytest.raises(ValueError, match="without a problem"):
        CreditError([])
