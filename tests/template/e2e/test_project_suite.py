"""The suite of the project stays green after what a modeler may change, and asks about all that there is."""

import subprocess

from testing.lenders.loans import CONTRACT, make_loans
from testing.projects import Project
from testing.suites import PROJECT, find_tests

NOT_ASKED = "tests/template is not asked, it is about the template: "


def run_suite(project: Project) -> str:
    """Run `make test`; the line that says which suite is not asked, and that of skipped tests."""
    done: subprocess.CompletedProcess[str] = project.run("make", "test", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_nothing_of_it_is_skipped_where_the_pipeline_ran(finished: Project) -> None:
    """In CI too, whose own clone has neither data nor a bundle."""
    told = run_suite(finished)
    assert told.startswith(f"{NOT_ASKED}params.yaml of your own")
    assert "SKIPPED" not in told


def test_it_is_green_after_a_change_of_parameters_contract_and_waivers(finished: Project) -> None:
    finished.edit("params.yaml", "from_threshold: approve ", "from_threshold: refer ")
    finished.edit("params.yaml", "lowest_roc_auc: 0.65 ", "lowest_roc_auc: 0.7 ")
    finished.edit("params.yaml", 'salt: "2026"                 # the split', 'salt: "2027"                 # the split')
    finished.edit("data/contracts/loanapp.yaml", "name: loanapp", "name: loanapp\n# a remark")
    remove_block(finished, "params.yaml", "  fair_logistic:  ", "  search:  ")
    remove_block(finished, "params.yaml", "watch:  ")
    (finished.folder / "loans.csv").write_text("a file that git was not told of\n")
    told = run_suite(finished)
    assert told.startswith(f"{NOT_ASKED}data/contracts/loanapp.yaml, params.yaml of your own")
    assert "choose changed in params.yaml since the pipeline ran: dvc repro" in told


def test_it_is_green_with_a_candidate_that_was_not_trained_yet(finished: Project) -> None:
    finished.edit("params.yaml", "random_forest]   # files", "random_forest, fair_logistic]   # files")
    assert "there are other candidates since the pipeline ran: dvc repro" in run_suite(finished)
    finished.run("dvc", "repro", "--quiet", "evaluate")
    assert "choose has not run since reports/metrics.json changed: dvc repro" in run_suite(finished)


def test_it_is_green_with_data_of_ones_own_and_without_those_of_the_demo(finished: Project) -> None:
    demo = ("loanapp.yaml", "reasons/loanapp.es.yaml", "scenario.yaml")
    for name in (*(f"data/contracts/{name}" for name in demo), "stages/fetch.py", "dvc.lock"):
        (finished.folder / name).unlink()
    finished.run("rm", "-rf", "reports", "data/raw/loanapp", "data/raw/scenario")
    remove_block(finished, "dvc.yaml", "  fetch:\n", "  check_contract:\n")
    remove_block(finished, "params.yaml", "fetch:\n", "ingest:\n")
    finished.edit("dvc.yaml", "reports/provenance, ", "")
    finished.edit("params.yaml", "contract: loanapp ", "contract: mine ")
    (finished.folder / "data/contracts/mine.yaml").write_text(CONTRACT)
    make_loans().to_csv(finished.folder / "data/raw/mine", index=False)
    finished.run("dvc", "add", "--quiet", "data/raw/mine")
    told = run_suite(finished)
    assert "there are no results yet: dvc repro" in told
    assert "no candidate was evaluated yet: dvc repro" in told
    finished.run("dvc", "repro", "--quiet", "ingest")
    told = run_suite(finished)
    assert "no stage has written a report yet: dvc repro" in told
    assert "choose has not run yet: dvc repro" in told
    finished.run("dvc", "repro", "--quiet", "choose")
    skipped = [line for line in run_suite(finished).splitlines() if line.startswith("SKIPPED")]
    assert [": there is no bundle of this choice here" in line for line in skipped] == [True], skipped


def remove_block(project: Project, file: str, begin: str, end: str | None = None) -> None:
    """Remove a block, up to the next one or the end of the file."""
    path = project.folder / file
    before, found, rest = path.read_text().partition(begin)
    assert found, f"{file} has no {begin!r}"
    path.write_text(before + (rest[rest.index(end) :] if end else ""))


def test_what_changed_names_the_tests_that_mirror_it() -> None:
    assert find_tests([]) == [PROJECT]
    assert find_tests(["stages/choose.py"]) == [PROJECT, "tests/template/stages/test_choose.py"]
    assert find_tests(["credit/explain.py"]) == [PROJECT, "tests/template/credit/test_explain.py"]
    assert "tests/template/credit/fairness/test_verdicts.py" in find_tests(["credit/fairness/policies.py"])
    assert find_tests(["docs/fairness.md", "README.md"]) == [PROJECT, "tests/template/docs"]
