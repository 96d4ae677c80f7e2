"""The contract is checked before a row is read, and a word of it is no input of what is computed."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from credit.common.files import read_yaml
from credit.contract import Contract, load_contract
from credit.contract.view import strip_words
from testing.lenders.foreign import CONTRACT as FOREIGN
from testing.lenders.frozen import LENDER
from testing.projects import Project

WORDS = ("description", "reason", "reason_if_missing", "because")


@pytest.mark.parametrize("name", ["loanapp", "scenario", "foreign"])
def test_without_its_words_a_contract_says_all_that_it_said_to_a_stage(tmp_path: Path, name: str) -> None:
    file = LENDER / f"data/contracts/{name}.yaml"
    if name == "foreign":
        file = tmp_path / "foreign.yaml"
        file.write_text(re.sub(r"(description): d\b", r"\1: Words of a person", FOREIGN))
    view = tmp_path / "view.yaml"
    view.write_text(yaml.safe_dump(strip_words(read_yaml(file), "its file"), sort_keys=False, allow_unicode=True))
    whole, stripped = load_contract(file), load_contract(view)
    assert stripped.file == "its file"
    assert list(stripped.columns) == list(whole.columns)
    assert compare(stripped) == compare(whole)
    for column in whole.columns.values():
        for text in filter(None, [column.description, *column.reason_texts, column.because]):
            assert f" {text}\n" not in view.read_text()


def compare(contract: Contract) -> dict[str, object]:
    content = contract.model_dump(include={"name", "format", "columns", "families", "rule"})
    parts = [*content["columns"].values(), *content["families"].values(), content["rule"] or {}]
    for part in parts:
        for key in WORDS:
            part.pop(key, None)
    return content


def list_runs(project: Project, *targets: str) -> list[str]:
    told = project.run("dvc", "repro", *targets).stdout
    return re.findall(r"Running stage '([\w@]+)'", told)


def test_a_changed_reason_runs_what_shows_it_and_a_changed_limit_or_parameter_what_reads_it(finished: Project) -> None:
    contract = "data/contracts/loanapp.yaml"
    text = (finished.folder / contract).read_text()
    reason = re.search(r"reason: (.+)", text)
    assert reason
    finished.edit(contract, f"reason: {reason[1]}", "reason: Something that is said otherwise")
    finished.edit("data/contracts/reasons/loanapp.es.yaml", "Sus ingresos anuales", "Lo que gana en un año")
    assert list_runs(finished) == ["check_contract", "package", "report"]
    finished.edit("params.yaml", "least_agreement: 0.8 ", "least_agreement: 0.7 ")
    assert list_runs(finished) == ["check_contract", "stability", "package", "report"]
    finished.edit(contract, "range: [0, 100000]", "range: [0, 100001]")
    assert list_runs(finished, "validate") == ["check_contract", "ingest", "validate"]


def test_rows_that_cannot_be_split_stop_the_first_stage(
    project: Project, stage: Callable[..., "subprocess.CompletedProcess[str]"]
) -> None:
    project.edit("params.yaml", "by: hash", "by: time")
    done = stage("check_contract", "data/contracts/loanapp.yaml", "waivers", "data/contract.yaml")
    assert done.returncode == 1
    assert (
        done.stderr == "error: params.yaml: split.by: found time, expected hash; loanapp has no column of role time\n"
    )
    assert not (project.folder / "data/contract.yaml").exists()
