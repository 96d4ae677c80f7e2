"""Files of applications: decided as the API decides them, and nothing lost."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from credit.registry import versions
from credit.registry.ledger import Ledger
from credit.registry.names import parse_version
from credit.registry.store import Store
from release.deployment.apply import apply_change
from release.deployment.plan import plan_fallback
from testing.lenders.burdened import burdened, make_people
from testing.parts.servers import wait_until
from testing.releases import WHY, deploy_versions
from testing.services import ROOT, run_service
from testing.warm.commands import find_warm_commands

__all__ = ["burdened"]

ANSWERED = ("decision", "score", "reasons", "decided_by", "rule_because", "version", "digest")


@pytest.fixture
def live(disk: Store, burdened: Path) -> Store:
    """A store in which that forest is live."""
    versions.publish_bundle(disk, parse_version("v1.0.0"), burdened, "0" * 40, "tester")
    deploy_versions(disk, "v1.0.0")
    return disk


Score = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def score(live: Store, tmp_path: Path) -> Score:
    """Run the command in the test's folder."""

    def run(*arguments: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
        env = os.environ | {"PYTHONPATH": str(ROOT), "RELEASE_STORE": live.url}
        command = [str(find_warm_commands() / "python"), "-m", "service", "score", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run


def write(frame: pd.DataFrame, path: Path) -> None:
    """As Parquet or CSV, by the ending."""
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of what was written."""
    if path.suffix == ".parquet":
        listed: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return listed
    frame = pd.read_csv(path, dtype={"id": str}).astype(object)
    rows = frame.where(frame.notna(), None).to_dict("records")
    return [row | {name: json.loads(row[name]) for name in ("reasons", "problems") if name in row} for row in rows]


def as_sent(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The same people as a client of the API writes them: null for what is not known, true and false."""
    codes = {"income": 999, "points": 0, "home": "?"}
    rows = json.loads(frame.drop(columns=["race", "number", "paid"]).to_json(orient="records", double_precision=15))
    return [
        {name: None if value == codes.get(name) else value for name, value in row.items()} | {"self": row["self"] == 1}
        for row in rows
    ]


def asked(store: Store, state: Path, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """What the running service answers."""
    body = {"applications": [{"application": row} for row in as_sent(frame)]}
    with run_service(store.url, state) as service:
        answers = service.wait().decide(body, "/v1/decisions/batch").json()["decisions"]
    return [{name: answer[name] for name in ANSWERED} for answer in answers]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_file_is_decided_as_the_api_decides_to_the_last_bit(
    live: Store, score: Score, tmp_path: Path, ending: str
) -> None:
    frame = make_people(500, 7)
    write(frame, tmp_path / f"in{ending}")
    score(f"in{ending}", "--version", "v1.0.0", "--out", f"out{ending}")
    answers = asked(live, tmp_path / "state", frame)
    rows = read(tmp_path / f"out{ending}")
    assert [{name: row[name] for name in ANSWERED} for row in rows] == answers
    assert [(row["row"], row["id"]) for row in rows] == [(i + 1, f"{i:05}") for i in range(500)]
    assert {row["decision"] for row in rows} == {"approve", "refer", "deny"}
    said = {reason for row in rows for reason in row["reasons"]}
    assert {"Debt for your income", "We do not know your debt for your income", "You have no credit score"} <= said
    assert read(tmp_path / f"out.rejected{ending}") == []


def test_the_documented_example_is_of_raw_columns_and_works(live: Store, tmp_path: Path) -> None:
    with run_service(live.url, tmp_path / "state") as service:
        documented = service.wait().get("/openapi.json").json()["paths"]["/v1/decisions"]["post"]["requestBody"]
        example = documented["content"]["application/json"]["example"]
        assert service.decide(example).status_code == 200
        endless = {"application": example["application"] | {"debt": 1e38, "income": 1e-30}}
        several = {"applications": [example, endless]}
        for body, path, field in (
            (endless, "/v1/decisions", "application.burden"),
            (several, "/v1/decisions/batch", "applications.1.application.burden"),
        ):
            answer = service.decide(body, path)
            assert [problem["field"] for problem in answer.json()["problems"]] == [field]


def test_when_the_rule_was_put_forward_it_decides_files_too(live: Store, score: Score, tmp_path: Path) -> None:
    apply_change(live, plan_fallback(Ledger(live, "prod"), WHY))
    frame = make_people(50, 7)
    write(frame, tmp_path / "in.csv")
    score("in.csv", "--out", "out.parquet")
    rows = read(tmp_path / "out.parquet")
    assert [{name: row[name] for name in ANSWERED} for row in rows] == asked(live, tmp_path / "state", frame)
    assert {row["rule_because"] for row in rows} == {"fallback to the rule: a test"}


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_rows_that_break_the_contract_are_set_aside_with_what_is_wrong_and_none_is_lost(
    score: Score, tmp_path: Path, ending: str
) -> None:
    frame = make_people(9, 7).assign(income=40.0, points=700).astype(object)
    for row, name, value in (
        (1, "income", "a lot"), (1, "points", 700.5), (2, "debt", -1), (3, "self", 9), (4, "home", "tent"),
        (5, "debt", None), (6, "debt", "inf"),
    ):  # fmt: skip
        frame.loc[row, name] = value
    write(frame.astype(str).where(frame.notna(), None), tmp_path / f"in{ending}")
    told = json.loads(score(f"in{ending}", "--out", f"out{ending}", "--rejected", "bad.csv", "--json").stdout)
    assert [row["row"] for row in read(tmp_path / f"out{ending}")] == [1, 8, 9]
    least = "a number of at least 0"
    assert {row["row"]: (row["id"], row["problems"]) for row in read(tmp_path / "bad.csv")} == {
        2: (
            "00001",
            [
                f"income: found 'a lot', expected {least} and of at most 1000, or null if it is not known",
                "points: found '700.5', expected a whole number of at least 300 and of at most 850, "
                "or null if it is not known",
            ],
        ),
        3: ("00002", [f"debt: found -1.0, expected {least}"]),
        4: ("00003", ["self: found null, expected true or false"]),
        5: ("00004", ["home: found 'tent', expected one of own, rent, other, or null if it is not known"]),
        6: ("00005", [f"debt: found null, expected {least}"]),
        7: ("00006", [f"debt: found a number that is not finite, expected {least}"]),
    }
    assert (told["rows"], told["decided"], told["rejected"]) == (9, 3, 6)
    assert {"column": "debt", "expected": least, "rows": 3} in told["broken"]


def test_it_says_how_many_rows_became_what_and_which_columns_nobody_looked_at(score: Score, tmp_path: Path) -> None:
    frame = make_people(20, 7).assign(shoe_size=44)
    frame.loc[3, "debt"] = -1
    write(frame, tmp_path / "in.csv")
    done = score("in.csv", "--out", "out.csv")
    said = done.stdout
    assert done.stderr == ""
    assert said.startswith("19 of 20 rows decided by v1.0.0: ")
    assert "1 rows rejected: they break the contract\n  1 by debt, expected a number of at least 0\n" in said
    assert "ignored, since this version does not need them: race, paid, shoe_size\n" in said


def test_columns_that_the_version_needs_and_the_file_lacks_are_one_error_that_lists_them_all(
    score: Score, tmp_path: Path
) -> None:
    write(make_people(5, 7).drop(columns=["debt", "home", "number", "paid", "race"]), tmp_path / "in.csv")
    assert score("in.csv", "--out", "out.csv", code=1).stderr.splitlines() == [
        "error: in.csv: home: found no such column, expected one of type category",
        "error: in.csv: debt: found no such column, expected one of type number",
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",{}", "in.csv: column 1: found no name, expected a name for each column; pandas writes such a column"),
        ("{},", "column 9: found no name, expected a name for each column; take off the delimiter"),
        ("{},HOME", "column 9, HOME: found a name used by column 3 too (capitals do not count), expected every name"),
        ("sep=;\n{}", "in.csv: line 1: found `sep=`, which is for Excel alone, expected the names of the columns"),
    ],
)
def test_a_header_that_names_no_columns_is_one_line(score: Score, tmp_path: Path, row: str, said: str) -> None:
    lines = make_people(3, 7).to_csv(index=False).splitlines()
    (tmp_path / "in.csv").write_text("\n".join(row.format(line) for line in lines[:1]) + "\n" + "\n".join(lines[1:]))
    (line,) = score("in.csv", "--version", "v1.0.0", "--out", "out.csv", code=1).stderr.splitlines()
    assert said in line


def test_files_of_a_folder_are_one_in_the_order_of_their_names(score: Score, tmp_path: Path) -> None:
    frame = make_people(30, 7)
    (tmp_path / "in").mkdir()
    for name, rows in (("b", frame[20:]), ("a", frame[:20])):
        write(rows, tmp_path / f"in/{name}.parquet")
    score("in", "--out", "out.parquet")
    rows = read(tmp_path / "out.parquet")
    assert [(row["row"], int(row["id"])) for row in rows] == [(i + 1, i) for i in range(30)]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_the_name_of_a_file_is_no_pattern_and_no_value(score: Score, tmp_path: Path, ending: str) -> None:
    frame = make_people(20, 7)
    folder = tmp_path / "points=5"
    folder.mkdir()
    write(frame[:10], folder / f"a[1]{ending}")
    write(frame[10:], folder / f"a1{ending}")
    write(frame, tmp_path / f"all{ending}")
    decided = {}
    for name in (f"points=5/a[1]{ending}", "points=5", f"all{ending}"):
        score(name, "--version", "v1.0.0", "--out", "out.parquet")
        decided[name] = sorted(str({**row, "row": None}) for row in read(tmp_path / "out.parquet"))
    first, both, whole = decided.values()
    assert both == whole
    assert first == [row for row in whole if "'id': '0000" in row]


def test_of_a_file_that_breaks_off_nothing_is_written(score: Score, tmp_path: Path) -> None:
    write(make_people(30_000, 7), tmp_path / "in.csv")
    with (tmp_path / "in.csv").open("a") as file:
        file.write("1,2,3\n")
    said = score("in.csv", "--out", "out.csv", code=1).stderr
    assert said.startswith("error: in.csv: line 30002 has 3 fields, the first line 8; ")
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", "store"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["in.csv", "--out", "out.xlsx"], "out.xlsx: found the ending '.xlsx', expected .parquet or .csv"),
        (["in.csv", "--out", "in.csv"], "in.csv: found the path of another input or output, expected a path of its"),
        (
            ["in.csv", "--out", "out.csv", "--version", "v9.0.0"],
            "no v9.0.0 (there are: v1.0.0); run release publish v9.0.0",
        ),
        (["in.csv", "--out", "out.csv", "--env", "staging"], "no version has been deployed; name one"),
        (["none.csv", "--out", "out.csv"], "none.csv: no such file; name a CSV or Parquet file"),
        (["empty.csv", "--out", "out.csv"], "empty.csv: found a header and no rows, expected at least one row"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(arguments: list[str], said: str, score: Score, tmp_path: Path) -> None:
    write(make_people(5, 7), tmp_path / "in.csv")
    write(make_people(0, 7), tmp_path / "empty.csv")
    (line,) = score(*arguments, code=1).stderr.splitlines()
    assert said in line
    assert not (tmp_path / "out.csv").exists()


def test_ctrl_c_leaves_no_half_file(live: Store, tmp_path: Path) -> None:
    write(make_people(400_000, 7), tmp_path / "in.parquet")
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "score", "in.parquet", "--out", "out.csv"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "RELEASE_STORE": live.url},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    half = tmp_path / f".out.csv.{process.pid}.part"
    wait_until(lambda: half.exists() and half.stat().st_size > 0, "scoring", process)
    process.send_signal(signal.SIGINT)
    assert process.communicate()[1] == "interrupted: nothing was written; run the same command again\n"
    assert process.returncode == 130
    assert {path.name for path in tmp_path.iterdir()} == {"in.parquet", "store"}


READ = """
import resource, sys
from pathlib import Path
from credit.bundle.bundle import load_bundle
from service.batch.source import list_needed_columns, open_source, read_block
bundle = load_bundle(Path(sys.argv[1]))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
for file in sys.argv[2:]:
    source = open_source(Path(file), bundle)
    columns = list_needed_columns(bundle)
    read = sum(len(read_block(block, columns).rows) for block in source.stream_blocks())
    print(source.count_rows(), read, peak())
"""


def test_a_file_larger_than_the_memory_it_takes_is_read_in_parts(burdened: Path, tmp_path: Path) -> None:
    lines = [f"0,{'tent' * 250},700,10.0,40.0\n"] * 10_000
    for name, times in (("small.csv", 1), ("large.csv", 50)):
        with (tmp_path / name).open("w") as file:
            file.write("self,home,points,debt,income\n")
            for _ in range(times):
                file.writelines(lines)
    done = subprocess.run(
        [sys.executable, "-c", READ, str(burdened), str(tmp_path / "small.csv"), str(tmp_path / "large.csv")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    small, large = [list(map(int, line.split())) for line in done.stdout.splitlines()]
    assert (small[:2], large[:2]) == ([10_000, 10_000], [500_000, 500_000])
    assert large[2] - small[2] < (tmp_path / "large.csv").stat().st_size / 3
