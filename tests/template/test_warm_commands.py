"""A warm command does what a cold one does, and nothing of it outlives the one who asked."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dvc.utils.serialize import dumps_yaml, loads_yaml

from testing.lenders.frozen import ROOT
from testing.parts.servers import PATIENCE, wait_until
from testing.warm.commands import find_warm_commands, warm_up
from testing.warm.lock_files import print_lock
from testing.warm.processes import WarmProcess
from testing.warm.remembered import Remembered

SPEAK = """\
import os, sys
print(sys.argv[1:], os.getcwd(), os.environ["WHERE"], sys.stdin.read(), "pandas" in sys.modules)
print("to stderr", file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""
SLEEP = """\
import os, signal, sys, time
def leave(*_): print("left"); sys.exit(3)
signal.signal(signal.SIGINT, leave)
print(os.getpid(), flush=True)
while True: time.sleep(0.05)
"""

SHARE = """\
import subprocess, sys
from testing.warm.shared import share_warm_process
end = share_warm_process()
ask = [sys.executable, "-c", "from testing.warm.commands import find_warm_socket as f; print(f(), flush=True); input()"]
asking = [subprocess.Popen(ask, stdin=subprocess.PIPE) for _ in range(2)]
input()
"""
"""Two that share a warm process, begun by a third, as xdist begins those that run the tests."""


def start(folder: Path, code: str, *arguments: str, **env: str) -> "subprocess.Popen[str]":
    """Start `python -m stages` in a folder whose stages are `code`."""
    write_stages(folder, code)
    pipe = subprocess.PIPE
    command = [str(find_warm_commands() / "python"), "-m", "stages", *arguments]
    return subprocess.Popen(command, cwd=folder, env=os.environ | env, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def write_stages(folder: Path, code: str) -> None:
    (folder / "stages").mkdir(exist_ok=True)
    (folder / "stages/__init__.py").touch()
    (folder / "stages/__main__.py").write_text(code)


@pytest.mark.parametrize("code", [0, 3])
def test_it_has_the_arguments_folder_environment_and_streams_and_says_how_it_ended(tmp_path: Path, code: int) -> None:
    answers = {}
    for warm, env in ((True, {}), (False, {"COLD": "1"})):
        asked = start(tmp_path, SPEAK, str(code), "b c", WHERE="here", **env)
        told, complained = asked.communicate("a line")
        assert (asked.returncode, complained) == (code, "to stderr\n")
        answers[warm] = told.rpartition(" ")
    assert answers[True][0] == answers[False][0] == f"['{code}', 'b c'] {tmp_path} here a line"
    assert (answers[True][2], answers[False][2]) == ("True\n", "False\n")


def test_the_code_is_that_of_the_folder_as_it_is_now(tmp_path: Path) -> None:
    assert start(tmp_path, "print('one')").communicate()[0] == "one\n"
    assert start(tmp_path, "raise ValueError('two')").communicate()[1].endswith("ValueError: two\n")


def test_the_same_code_in_two_folders_says_of_each_where_it_is(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        told, complained = start(tmp_path / name, "def fail(): raise ValueError(__file__)\nfail()").communicate()
        file = tmp_path / name / "stages/__main__.py"
        assert told == ""
        assert complained.count(f'File "{file}"') == 2, complained
        assert complained.endswith(f"ValueError: {file}\n")


def test_it_leaves_no_compiled_code_as_forks_remember_it_wherever_the_clone_is(tmp_path: Path) -> None:
    write_stages(tmp_path, "")
    (tmp_path / "stages/beside.py").write_text("WORD = 'beside'")
    told, complained = start(tmp_path, "from stages import beside; print(beside.WORD)").communicate()
    assert (told, complained) == ("beside\n", "")
    assert not list(tmp_path.rglob("__pycache__"))


def test_a_stage_that_is_a_file_finds_what_is_beside_it(tmp_path: Path) -> None:
    write_stages(tmp_path, "")
    (tmp_path / "stages/beside.py").write_text("WORD = 'beside'")
    (tmp_path / "stages/one.py").write_text("import sys, beside\nprint(sys.argv, beside.WORD, 'pandas' in sys.modules)")
    command = [str(find_warm_commands() / "python"), "stages/one.py", "b c"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert told == "['stages/one.py', 'b c'] beside True\n"


def test_what_is_remembered_is_a_copy_of_what_the_same_text_gave_and_an_error_is_not(tmp_path: Path) -> None:
    remembered = Remembered(tmp_path / "remembered")
    remembered.take("list", "a", lambda: ["made"]).append("changed by who had it")
    with pytest.raises(json.JSONDecodeError):
        remembered.take("list", "b", lambda: json.loads("no list"))
    assert remembered.take("list", "a", lambda: ["again"]) == ["made"]
    assert remembered.take("list", "b", lambda: ["again"]) == ["again"]
    assert remembered.take("word", "a", lambda: "another kind") == "another kind"


def test_ctrl_c_reaches_it(tmp_path: Path) -> None:
    asked = start(tmp_path, SLEEP)
    assert asked.stdout
    assert asked.stdout.readline()
    asked.send_signal(signal.SIGINT)
    assert asked.communicate()[0] == "left\n"
    assert asked.returncode == 3


def test_it_ends_when_the_one_who_asked_is_killed(tmp_path: Path) -> None:
    asked = start(tmp_path, SLEEP)
    assert asked.stdout
    process = int(asked.stdout.readline())
    asked.kill()
    asked.communicate()
    deadline = time.monotonic() + PATIENCE
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def start_process(folder: Path, code: str) -> WarmProcess:
    write_stages(folder, code)
    with (folder / "out").open("wb") as out:
        return WarmProcess(["-m", "stages"], folder, os.environ, out)


@pytest.mark.parametrize(
    ("code", "ended"), [("raise SystemExit(3)", 3), ("import os; os.abort()", -signal.SIGABRT), ("print('one')", 0)]
)
def test_a_process_says_how_it_ended_as_one_of_subprocess_does(tmp_path: Path, code: str, ended: int) -> None:
    process = start_process(tmp_path, code)
    assert process.wait(PATIENCE) == process.poll() == ended
    assert not Path(f"/proc/{process.pid}").exists()


@pytest.mark.parametrize(
    ("number", "ended"),
    [(signal.SIGINT, 3), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_a_process_takes_signals_while_it_runs_and_is_gone_when_it_was_waited_for(
    tmp_path: Path, number: int, ended: int
) -> None:
    process = start_process(tmp_path, SLEEP)
    wait_until(lambda: str(process.pid) in (tmp_path / "out").read_text(), "the process", process)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    assert process.poll() is None
    process.send_signal(number)
    assert process.wait(PATIENCE) == ended
    assert not Path(f"/proc/{process.pid}").exists()
    process.kill()


def test_those_who_run_tests_side_by_side_share_a_process_that_ends_with_who_began_however_that_ends() -> None:
    own = {name: value for name, value in os.environ.items() if name != "WARM_FOLDER"}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", SHARE], cwd=ROOT, env=own, stdin=pipe, stdout=pipe, text=True) as run:
        assert run.stdout
        first, second = (run.stdout.readline().strip() for _ in range(2))
        assert first == second != ""
        assert find_servers(first)
        run.kill()
    wait_until(lambda: not find_servers(first), "the end of the warm process")
    shutil.rmtree(Path(first).parents[1])  # who is killed cannot


def find_servers(socket: str) -> list[Path]:
    """Find the processes that answer at a socket."""
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if f"server.py\0{socket}\0" in read_if_there(path)]


def read_if_there(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended
        return ""


def test_what_an_interpreter_reads_once_is_that_of_the_environment_it_was_warmed_up_in(tmp_path: Path) -> None:
    write_stages(tmp_path, "import time; print(hash('a'), time.tzname[0], 'pandas' in __import__('sys').modules)")
    surroundings = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    with warm_up(surroundings) as commands:
        warm, cold = (
            subprocess.check_output([python, "-m", "stages"], cwd=tmp_path, env=surroundings, text=True).split()
            for python in (commands / "python", sys.executable)
        )
    assert warm == [*cold[:2], "True"]
    assert warm[1] == "JST"


def test_what_is_no_command_of_the_project_runs_cold() -> None:
    python = str(find_warm_commands() / "python")
    told = subprocess.run([python, "-c", "import sys; print('numpy' in sys.modules)"], capture_output=True, text=True)
    assert told.stdout == "False\n"


def test_dvc_writes_its_lock_file_as_a_cold_one_does(tmp_path: Path) -> None:
    """Parameters, a long command, a matrix and outputs that change are written alike."""
    written = {}
    for name, env in (("warm", {}), ("cold", {"COLD": "1"})):
        folder = tmp_path / name
        folder.mkdir()
        written[name] = [_run_pipeline(folder, pipeline, env) for pipeline in (PIPELINE, CHANGED_PIPELINE)]
    assert written["warm"] == written["cold"]
    first, second = written["warm"]
    assert first != second
    assert "a@two:" in second


CHANGING = """\
stages:
  first:
    cmd: cat code/* > one; echo 2 > code/file; echo 3 > code/folder/deep; ln -sf ../other code/link; sleep 0.01
    deps: [code]
    outs: [one]
  second:
    cmd: cat code/* > two 2>&1; rm code/file; echo 4 > other
    deps: [one, code]
    outs: [two]
  third:
    cmd: ls code > three
    deps: [two, code]
    outs: [three]
"""


def test_dvc_sees_each_change_of_a_folder_while_it_runs_as_a_cold_one_does(tmp_path: Path) -> None:
    locks = []
    for name, extra in (("warm", {}), ("cold", {"COLD": "1"})):
        folder = tmp_path / name
        (folder / "code/folder").mkdir(parents=True)
        for path in ("code/file", "code/folder/deep", "other"):
            (folder / path).write_text("1")
        (folder / "dvc.yaml").write_text(CHANGING)
        env = os.environ | {"PATH": f"{find_warm_commands()}{os.pathsep}{os.environ['PATH']}"} | extra
        for command in (["init", "--no-scm", "--quiet"], ["repro", "--quiet"]):
            subprocess.run(["dvc", *command], cwd=folder, env=env, check=True)
        locks.append((folder / "dvc.lock").read_text())
    assert locks[0] == locks[1]
    assert len({line for line in locks[0].splitlines() if line.endswith(".dir")}) == 2, "DVC hashes after a command"


def test_the_lock_file_of_the_project_is_printed_as_dvc_prints_it(tmp_path: Path) -> None:
    text = (ROOT / "dvc.lock").read_text()
    remembered = Remembered(tmp_path / "remembered")
    assert [print_lock(loads_yaml(text), remembered) for _ in range(2)] == [text, text]


@pytest.mark.parametrize(
    "text",
    ["1" * 32, f"{'1' * 20}e{'2' * 11}", "0b" + "1" * 30, "1e5", "2026-01-01", "yes", "true",
     "Null", ".5", "a b", "a: b", "a #b", "-a", "@a", "é", "a/" * 60, "0123abcd" * 4 + ".dir", "a@b.c",
     *("a" * letters for letters in (59, 60, 61, 70, 100, 300))],
)  # fmt: skip
def test_any_word_in_a_lock_file_is_printed_as_dvc_prints_it(tmp_path: Path, text: str) -> None:
    outs = [{"path": text, "hash": "md5", "md5": text, "size": 1, "isexec": True}, {"path": "b", "size": None}]
    stages = {
        "a": {"cmd": text, "deps": outs[:1], "params": {"params.yaml": {"a": text, "b": None}}, "outs": outs},
        text: {"cmd": [text, "b"], "deps": [], "outs": [{"hash": text, "path": "b", "more": {text: text}}]},
    }
    lock = json.loads(json.dumps({"schema": "2.0", "stages": stages, "datasets": [{"name": text}]}))
    assert print_lock(lock, Remembered(tmp_path / "remembered")) == dumps_yaml(lock)


def _run_pipeline(folder: Path, pipeline: str, env: dict[str, str]) -> str:
    dvc = str(find_warm_commands() / "dvc")
    own = {name: value for name, value in os.environ.items() if name != "COLD"} | env
    (folder / "params.yaml").write_text(
        "share: 1.0e-05\nnested: {seeds: [1, 2], name: 'yes', none: null, long: 'a b'}\n"
    )
    (folder / "dvc.yaml").write_text(pipeline)
    for command in ([dvc, "init", "--no-scm", "--quiet", "--force"], [dvc, "repro", "--quiet"]):
        subprocess.run(command, cwd=folder, env=own, check=True, capture_output=True)
    return (folder / "dvc.lock").read_text()


PIPELINE = """\
stages:
  a:
    matrix: {of: [one, two]}
    cmd: printf '%s' ${item.of} > ${item.of} && true "a command so long that it is written on more than one line of it"
    params: [share, nested]
    outs: ["${item.of}"]
  b:
    cmd: cat one two > both
    deps: [one, two]
    outs: [both]
"""
CHANGED_PIPELINE = PIPELINE.replace("cat one two", "cat two one").replace("[share, nested]", "[nested]")
