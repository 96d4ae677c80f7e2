"""Files are written whole or not at all, and JSON reads well in a diff."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.common.errors import CreditError
from credit.common.files import _format_node, atomic_write, read_json, round_floats, write_json
from testing.lenders.frozen import ROOT


def fail_halfway(file: Path) -> None:
    file.write_text("half")
    raise RuntimeError


def test_a_failure_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic_write(target) as temporary:
        fail_halfway(temporary)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


KILLED = """
import os, signal, sys
from pathlib import Path
from credit.common.files import atomic_write
with atomic_write(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_halfway(target: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(target)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL


def test_what_a_killed_process_left_is_never_the_file_and_goes_with_the_next_run(tmp_path: Path) -> None:
    target, other = tmp_path / "a[1].json", tmp_path / "b.json"
    target.write_text("old")
    killed_halfway(target)
    killed_halfway(other)
    assert target.read_text() == "old"
    assert not other.exists()
    (mine,) = tmp_path.glob(".a*.part")
    alive = mine.with_name(f".{target.name}.{os.getppid()}.part")
    alive.write_text("of a process that still runs")
    write_json(target, {"new": 1})
    assert target.read_text() != "old"
    assert not mine.exists()
    assert alive.exists()
    assert list(tmp_path.glob(".b.json.*.part"))


def test_what_a_killed_process_left_goes_though_nobody_asked_how_it_ended(tmp_path: Path) -> None:
    """A stage that was killed with its shell, in a container whose first process asks nobody."""
    target = tmp_path / "a.json"
    with subprocess.Popen([sys.executable, "-c", KILLED, str(target)], cwd=ROOT) as killed:
        os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)
        assert len(list(tmp_path.glob(".a.json.*.part"))) == 1
        write_json(target, {"new": 1})
        assert list(tmp_path.iterdir()) == [target]


def test_git_and_dvc_ignore_what_a_killed_process_left() -> None:
    left = "reports/plots/.roc.csv.123.part"
    assert subprocess.run(["git", "check-ignore", "--quiet", left], cwd=ROOT, check=False).returncode == 0
    assert subprocess.run(["dvc", "check-ignore", "--quiet", left], cwd=ROOT, check=False).returncode == 0


def test_rows_of_a_table_stand_on_one_line_each(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"rows": [{"a": 1, "b": [1, 2]}, {"a": 2, "b": []}], "n": 2})
    assert (tmp_path / "x.json").read_text().splitlines() == [
        "{",
        '  "rows": [',
        '    {"a": 1, "b": [1, 2]},',
        '    {"a": 2, "b": []}',
        "  ],",
        '  "n": 2',
        "}",
    ]


@given(st.recursive(st.none() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)))
def test_whatever_is_written_is_read_again(content: object) -> None:
    assert json.loads(_format_node(content)) == content


def test_nan_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", {"auc": float("nan")})
    assert not list(tmp_path.iterdir())


def test_floats_are_rounded_wherever_they_stand() -> None:
    assert round_floats({"a": [1.23456, (2.34567,)], "n": 3, "t": "x", "z": -0.00001}) == {
        "a": [1.2346, [2.3457]],
        "n": 3,
        "t": "x",
        "z": 0.0,
    }
    assert str(round_floats(-0.00001)) == "0.0"


def test_a_missing_or_damaged_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CreditError, match=r"x\.json: no such file"):
        read_json(tmp_path / "x.json")
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(CreditError, match=r"x\.json: not JSON: Expecting property name"):
        read_json(tmp_path / "x.json")
