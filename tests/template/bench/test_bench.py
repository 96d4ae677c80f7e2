"""What `make bench` writes. The measuring itself is not tested: a time that a test demands fails on a busy machine."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from bench.__main__ import find_measures, run
from bench.cores import find_child, pin, share_one_core
from bench.imports import list_imports
from bench.pairs import compare_pairs, measure_pairs
from bench.process import Usage, measure_medians, run_timed
from bench.project import ProjectCopy, read_commands
from bench.report import (
    REPORT_HEADER,
    BenchTable,
    build_ratio_rows,
    format_bench_table,
    format_section,
    format_target,
    replace_section,
)
from bench.violations_query import main as count_violations
from credit.common.errors import CreditError
from credit.common.files import read_json
from testing.lenders.frozen import ROOT

TABLE = BenchTable(("stage", "seconds"), [("fetch", "0.1"), ("ingest", "0.2")])


def part(name: str, told: str = "About it.") -> str:
    return format_section(name, told, "a machine", TABLE)


def test_a_table_is_one_line_per_row_and_a_bar_stays_in_its_cell() -> None:
    assert format_bench_table(TABLE) == "| stage | seconds |\n| --- | --- |\n| fetch | 0.1 |\n| ingest | 0.2 |\n"
    assert "| a \\| b |" in format_bench_table(BenchTable(("x",), [("a | b",)]))


def test_a_section_says_by_which_command_and_on_what_it_was_measured() -> None:
    assert part("noop").startswith("## noop\n\nAbout it.\n\n`python -m bench noop` on a machine\n\n| stage |")


def test_the_first_section_makes_a_report_with_a_head() -> None:
    assert replace_section("", "noop", part("noop")) == f"{REPORT_HEADER}\n{part('noop')}"


def test_measuring_again_replaces_only_its_own_section() -> None:
    both = replace_section(replace_section("", "pipeline", part("pipeline")), "noop", part("noop"))
    again = replace_section(both, "noop", part("noop", "Told anew."))
    assert "Told anew." in again
    assert again.replace("Told anew.", "About it.") == both


def test_sections_stand_in_the_order_of_their_names_whichever_came_first() -> None:
    one = replace_section(replace_section("", "pipeline", part("pipeline")), "noop", part("noop"))
    other = replace_section(replace_section("", "noop", part("noop")), "pipeline", part("pipeline"))
    assert one == other
    assert one.index("## noop") < one.index("## pipeline")


def test_a_section_whose_name_begins_like_another_is_another() -> None:
    report = replace_section(replace_section("", "ingest", part("ingest")), "ingest_wide", part("ingest_wide"))
    assert replace_section(report, "ingest", part("ingest")) == report


def test_a_target_is_met_below_its_limit_only() -> None:
    assert format_target(1.19, 1.2, "1.2") == "below 1.2: met"
    assert format_target(1.2, 1.2, "1.2") == "below 1.2: NOT met"


def test_a_ratio_is_that_of_the_first_command_to_the_second() -> None:
    rows = build_ratio_rows([("slow", 3.0), ("quick", 2.0)], 1.4)
    assert rows == [("`slow`", "3.00", ""), ("`quick`", "2.00", ""), ("ratio", "1.50", "below 1.4: NOT met")]


def test_medians_take_turns_in_going_first() -> None:
    order: list[str] = []
    taken = {"a": iter([1.0, 9.0, 2.0]), "b": iter([5.0, 4.0, 6.0])}

    def run(name: str) -> Usage:
        order.append(name)
        return Usage(next(taken[name]), 0, 0)

    assert measure_medians(3, lambda: run("a"), lambda: run("b")) == [2.0, 5.0]
    assert "".join(order) == "abbaab"


def test_a_command_is_measured_with_its_memory(tmp_path: Path) -> None:
    usage = run_timed([sys.executable, "-c", "x = bytearray(200 * 2**20)"], tmp_path, {})
    assert 200 * 2**20 < usage.peak < 2**30
    assert usage.seconds > 0


def test_a_command_that_fails_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(CreditError, match="exit code 3: no more"):
        run_timed([sys.executable, "-c", "print('no more'); raise SystemExit(3)"], tmp_path, {})


def test_commands_are_those_of_dvc_yaml_with_their_parameters_filled_in(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("data: {contract: mine}\n")
    train = "{matrix: {candidate: [a, b]}, cmd: 'python -m stages train ${item.candidate} ${data.contract}.yaml'}"
    stages = f"stages:\n  train: {train}\n  end: {{cmd: python -m stages end}}\n"
    (tmp_path / "dvc.yaml").write_text(stages)
    assert read_commands(tmp_path) == {
        "train@a": ["python", "-m", "stages", "train", "a", "mine.yaml"],
        "train@b": ["python", "-m", "stages", "train", "b", "mine.yaml"],
        "end": ["python", "-m", "stages", "end"],
    }


def test_every_stage_has_a_command_that_starts_it() -> None:
    for name, command in read_commands(ROOT).items():
        assert command[:4] == ["python", "-m", "stages", name.split("@")[0]]
        assert "$" not in "".join(command)


def test_the_imports_of_every_stage_are_measured() -> None:
    assert list_imports(ROOT) == [
        f"import stages.{stage}" for stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    ]


def test_every_measure_says_what_it_measures() -> None:
    assert {"pipeline", "unchanged", "million", "columns"} <= find_measures().keys()
    assert all(len(text) > 60 for text in find_measures().values())


def test_rows_are_for_what_reads_a_long_log_alone() -> None:
    for words in (["service", "--rows", "200000"], ["--rows", "200000"], ["page", "service", "--rows", "200000"]):
        refused = CliRunner().invoke(run, words)
        assert refused.exit_code == 2
        assert "--rows is for `page` or `log_chain` alone" in refused.output


def test_the_query_counts_each_row_that_breaks_a_column_however_it_does(tmp_path: Path) -> None:
    (tmp_path / "contract.yaml").write_text("""
name: small
row: a person
source: {title: t, licence: l, citation: c}
columns:
  number: {type: integer, role: id, description: d}
  income: {type: number, role: feature, range: [0, 100], missing: allowed, description: d, reason: r,
           reason_if_missing: r}
  race: {type: category, role: protected, allowed: [white, Black], reference: white, description: d}
  paid: {type: boolean, role: label, favourable: true, description: d}
""")
    frame = pd.DataFrame(
        {
            "number": [1, 2, 2, 2, 5],
            "income": [-1.0, None, 101.0, float("inf"), 100.0],
            "race": ["white", "Black", "black", None, "white"],
            "paid": [True, False, None, True, True],
        }
    )
    frame.to_parquet(tmp_path / "rows.parquet")
    count_violations(str(tmp_path / "contract.yaml"), str(tmp_path / "rows.parquet"), str(tmp_path / "counted.json"))
    assert read_json(tmp_path / "counted.json") == {"number": 3, "income": 3, "race": 2, "paid": 1}


def test_a_copy_tells_whether_params_has_a_parameter(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("train: {rows: null}\n")
    copy = ProjectCopy(tmp_path)
    assert [copy.has_param(name) for name in ("train.rows", "train.folds", "fetch.rows")] == [True, False, False]
    copy.set_param("train.rows", 5)
    assert yaml.safe_load((tmp_path / "params.yaml").read_text()) == {"train": {"rows": 5}}


def test_pairs_go_each_second_one_the_other_way_round() -> None:
    order: list[str] = []

    def load(name: str) -> str:
        order.append(name)
        return name

    pairs = list(measure_pairs(3, lambda: load("without"), lambda: load("with")))
    assert pairs == [("without", "with")] * 3
    assert order == ["without", "with", "with", "without", "without", "with"]


def test_the_interval_of_a_median_of_pairs_has_the_true_one_nineteen_times_in_twenty() -> None:
    random = np.random.default_rng(7)
    found = [compare_pairs([(1.0, one) for one in random.lognormal(0, 0.3, 12)]) for _ in range(1_000)]
    held = sum(one.low <= 1 <= one.high for one in found)
    assert 940 <= held <= 985, "by ranks it is 96.1%"
    with pytest.raises(ValueError, match="5 pairs say nothing"):
        compare_pairs([(1.0, 1.0)] * 5)


def test_one_core_is_shared_and_the_others_are_free_for_one_more_process() -> None:
    there = os.sched_getaffinity(0)
    if len(there) < 2:
        pytest.skip("a machine of one core")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with share_one_core() as others, subprocess.Popen(["cat"], **pipes) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()  # before it answers its command may have no name yet
        assert os.sched_getaffinity(process.pid) == there - others
        pin(find_child(os.getpid(), "cat"), others)
        assert os.sched_getaffinity(process.pid) == others
        process.kill()
    assert os.sched_getaffinity(0) == there
    with pytest.raises(CreditError, match="it started no such thing"):
        find_child(os.getpid(), "such thing")
