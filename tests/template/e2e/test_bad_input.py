"""Bad input gets one line per problem, exit code 1, no traceback, and nothing is lost."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit.common.errors import run_command
from stages.__main__ import main
from testing.lenders.frozen import LENDER
from testing.lenders.loans import CONTRACT, make_loans
from testing.projects import Project

RAW = "raw"


def exit_code(line: str) -> int:
    try:
        run_command(lambda: main(line.split()))
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0


@pytest.fixture
def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., list[str]]:
    """Run stages by their command line, in this process; the lines of the first that fails, with exit code 1."""
    (tmp_path / "mine.yaml").write_text(CONTRACT)
    params = LENDER / "params.yaml"
    (tmp_path / "params.yaml").write_text(params.read_text())
    monkeypatch.chdir(tmp_path)

    def call(*lines: str) -> list[str]:
        for line in lines:
            before = {path.name for path in tmp_path.iterdir()}
            if code := exit_code(line):
                assert code == 1
                assert {path.name for path in tmp_path.iterdir()} - before <= {"typed.parquet"}, "something was left"
                return capsys.readouterr().err.splitlines()
        pytest.fail("nothing was found wrong")

    return call


INGEST = "ingest mine.yaml raw typed.parquet"
VALIDATE = "validate mine.yaml typed.parquet accepted.parquet quarantined.parquet validation.json"


def csv(change: Callable[[pd.DataFrame], pd.DataFrame] = lambda frame: frame) -> str:
    return change(make_loans().astype(object)).to_csv(index=False)


def setting(column: str, value: object, rows: slice = slice(2, 2)) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[rows, column] = value
        return frame

    return change


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (csv(lambda f: f.drop(columns="income")), ["raw: income: no such column; the contract has one of type number"]),
        (
            csv(lambda f: f.assign(zip=1)),
            ["raw: zip: not in the contract; describe the column there, or remove it here"],
        ),
        (
            csv(lambda f: f.drop(columns=["home", "paid"]).assign(zip=1, city=2)),
            [
                "raw: home: no such column; the contract has one of type category",
                "raw: paid: no such column; the contract has one of type boolean",
                "raw: zip: not in the contract; describe the column there, or remove it here",
                "raw: city: not in the contract; describe the column there, or remove it here",
            ],
        ),
        (
            csv().replace("income", "score", 1),
            [r"raw: column 4, score: found a name used by column 3 too \(capitals do not count\), expected every name"],
        ),
        (
            csv(setting("income", "much")),
            ["raw: income: found 'much' in row 3, expected number or a declared code for missing"],
        ),
        (
            csv(setting("income", "much", slice(2, 4))).replace(",True\n", ",perhaps\n"),
            [
                "raw: income: found 'much' in row 3 and 2 more like it",
                r"raw: paid: found 'perhaps' in row \d+ and \d+ more",
            ],
        ),
        (csv(setting("score", 612.5)), ["raw: score: found '612.5' in row 3, expected integer"]),
        (csv(setting("applied", "2024-13-01")), ["raw: applied: found '2024-13-01' in row 3, expected date"]),
        ("", ["raw: found an empty file, expected a CSV file with a header, or a Parquet file"]),
        (csv().splitlines()[0] + "\n", ["raw: found a header and no rows, expected at least one row"]),
        (
            csv().replace("own", "Eigentümer").encode("latin-1"),
            ["raw: found bytes that are not UTF-8, expected UTF-8 text"],
        ),
        (csv().encode("utf-16"), ["raw: found UTF-16 text, expected CSV in UTF-8, or Parquet"]),
        (
            csv().replace("True\n", "True,1\n", 5),
            [r"raw: line \d+ has 9 fields, the first line 8; "],
        ),
        (b"PAR1" + bytes(100), ["raw: cannot be read: "]),
        (b"\x1f\x8b" + bytes(100), ["raw: found a gzip file, expected CSV in UTF-8, or Parquet"]),
    ],
)
def test_a_raw_file_that_cannot_be_used_is_refused_by_ingest(
    told: Callable[..., list[str]], content: str | bytes, lines: list[str]
) -> None:
    Path(RAW).write_bytes(content if isinstance(content, bytes) else content.encode())
    found = told(INGEST)
    assert len(found) == len(lines), found
    for line, expected in zip(found, lines, strict=True):
        assert re.match(f"error: {expected}", line), line


def test_a_truncated_parquet_file_is_refused(told: Callable[..., list[str]]) -> None:
    make_loans().to_parquet(RAW, index=False)
    Path(RAW).write_bytes(Path(RAW).read_bytes()[:-20])
    assert told(INGEST)[0].startswith("error: raw: cannot be read: ")


def test_numbers_of_a_parquet_file_are_not_rounded_or_guessed(told: Callable[..., list[str]]) -> None:
    frame = make_loans().assign(
        score=lambda f: f["score"].astype(float), employed=lambda f: f["employed"].astype(float)
    )
    frame.loc[2, ["score", "employed"]] = [612.5, 2.0]
    frame.to_parquet(RAW, index=False)
    assert told(INGEST) == [
        "error: raw: score: found '612.5' in row 3, expected integer or a declared code for missing",
        "error: raw: employed: found '2.0' in row 3, expected boolean or a declared code for missing",
    ]


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (
            setting("home", "boat", slice(0, 59)),
            [
                r"typed.parquet: found 60 of 600 rows set aside",
                r"typed.parquet: home: found 'boat' \(60 rows\), expected own, rent",
            ],
        ),
        (
            setting("income", np.inf, slice(0, 59)),
            [r"typed.parquet: found 60 of 600", r"typed.parquet: income: found inf \(60 rows\), expected 0 or more"],
        ),
        (
            setting("id", 7, slice(0, 59)),
            [
                r"typed.parquet: found 60 of 600",
                r"typed.parquet: id: found a value \(60 rows\), expected each value in one row only",
            ],
        ),
        (setting("paid", True, slice(0, 600)), ["typed.parquet: paid: found only True, expected two classes"]),
        (
            setting("group", "a", slice(0, 600)),
            ["typed.parquet: group: found 0 people of group 'b', expected at least 2"],
        ),
        (
            lambda frame: setting("group", "b")(setting("group", "a", slice(0, 600))(frame)),
            ["typed.parquet: group: found 1 people of group 'b', expected at least 2"],
        ),
    ],
)
def test_rows_that_cannot_be_learnt_from_are_refused_by_validate(
    told: Callable[..., list[str]], change: Callable[[pd.DataFrame], pd.DataFrame], lines: list[str]
) -> None:
    Path(RAW).write_text(csv(change))
    found = told(INGEST, VALIDATE)
    assert len(found) == len(lines), found
    for line, expected in zip(found, lines, strict=True):
        assert re.match(f"error: {expected}", line), line


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (
            "  income: {",
            "  score: {type: number, role: ignored, because: x, description: y}\n  income: {",
            ["mine.yaml: score: duplicate key, lines 7 and 8"],
        ),
        (
            "role: protected, ",
            "role: [feature, protected], ",
            [r"mine.yaml: columns.group.role: found the roles .*; a protected column is never a feature"],
        ),
        ("name: mine", "nome: mine", ["mine.yaml: name: found nothing", "mine.yaml: nome: unknown key"]),
        (
            "  paid:",
            "  class: {type: category, role: protected, allowed: [rich, poor], reference: rich, missing: allowed, "
            "sql: \"case when income > 9 then 'rich' end\", description: x}\n  paid:",
            ["mine.yaml: columns.income.role: found feature, and the protected class is made of it, expected ignored"],
        ),
        (
            "allowed: [own, rent]",
            "allowed: [1, 2]",
            [r"mine.yaml: columns.home: found category values \[1, 2\], expected text"],
        ),
        ("made for a test", "'? who'", ["mine.yaml: source.title: found the open question"]),
    ],
)
def test_a_contract_that_cannot_be_used_is_refused(
    told: Callable[..., list[str]], old: str, new: str, lines: list[str]
) -> None:
    Path(RAW).write_text(csv())
    assert old in CONTRACT
    Path("mine.yaml").write_text(CONTRACT.replace(old, new))
    found = told(INGEST)
    assert len(found) == len(lines), found
    for line, expected in zip(found, lines, strict=True):
        assert re.match(f"error: {expected}", line), line


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (VALIDATE, "validate.max_quarantined"),
        ("split mine.yaml accepted.parquet train.parquet test.parquet", "split.test_share"),
        ("select_features mine.yaml train.parquet features.json", "select_features.max_features"),
        ("train logistic mine.yaml features.json train.parquet model.skops report.json", "train.logistic.class_weight"),
        ("evaluate mine.yaml test.parquet models candidates shipped metrics.json plots", "evaluate.points"),
        ("fetch scenario raw provenance.json", "fetch.scenario.rows"),
    ],
)
def test_a_misspelt_key_of_params_is_refused_by_the_stage_that_reads_it(
    told: Callable[..., list[str]], line: str, key: str
) -> None:
    last = key.split(".")[-1]
    text = Path("params.yaml").read_text()
    block = text.index(f"\n{key.split('.')[0]}:")
    place = text.index(f"{last}:", block)
    Path("params.yaml").write_text(text[:place] + "x" + text[place:])
    found = told(line)
    wrong = key.removesuffix(last) + "x" + last
    assert f"error: params.yaml: {wrong}: unknown key; is it misspelt?" in found
    assert all(line.startswith("error: params.yaml: ") for line in found)


def test_a_few_unknown_values_are_set_aside_with_the_reason(told: Callable[..., list[str]], tmp_path: Path) -> None:
    Path(RAW).write_text(csv(setting("home", "boat")))
    with pytest.raises(pytest.fail.Exception, match="nothing was found wrong"):
        told(INGEST, VALIDATE)
    aside = pd.read_parquet(tmp_path / "quarantined.parquet")
    assert aside[["row", "reasons"]].to_numpy().tolist() == [[3, "home: found 'boat', allowed own, rent"]]


def test_after_a_failure_the_last_good_outputs_come_back(finished: Project) -> None:
    """A contract that asks for another type, and a search that cannot be."""
    before = finished.read_results()
    finished.edit(
        "data/contracts/loanapp.yaml",
        '    type: category\n    role: feature\n    allowed: ["1"',
        '    type: category\n    role: feature\n    allowed: ["7"',
    )
    failed = finished.run("dvc", "repro", check=False)
    assert failed.returncode
    assert "error: data/typed.parquet: occ: found '1'" in failed.stderr
    assert "Traceback" not in failed.stderr
    finished.run("git", "checkout", "--quiet", ".")
    finished.run("dvc", "checkout")
    assert finished.read_results() == before
    assert finished.run("dvc", "status").stdout.strip().endswith("up to date.")


def test_an_unknown_contract_is_named_by_dvc(finished: Project) -> None:
    finished.edit("params.yaml", "contract: loanapp ", "contract: lonapp ")
    failed = finished.run("dvc", "repro", check=False)
    assert failed.returncode
    assert "data/contracts/lonapp.yaml" in failed.stderr or "data/raw/lonapp" in failed.stderr
