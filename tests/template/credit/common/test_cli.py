"""The exit code of a command is its verdict, whoever reads the words."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import click
import pytest

from credit.common.cli import Answer, AnsweringCommand, ExclusiveOption, LazyGroup, make_stage, run
from credit.common.errors import CreditError, Problem, run_command
from testing.lenders.frozen import ROOT
from testing.warm.commands import find_warm_commands

EPILOG = "example:\n  ask one   says one\n  ask other says other"


@click.command(cls=AnsweringCommand, help="Ask.", epilog=EPILOG)
@click.argument("what", help="a word")
@click.option("--high", is_flag=True, cls=ExclusiveOption, excludes=("low",))
@click.option("--low", is_flag=True, cls=ExclusiveOption, excludes=("high",))
def ask(what: str, high: bool, low: bool) -> Answer:
    """Answer with exit code 3."""
    return Answer({"é": what}, f"says {what} {high} {low}", 3)


@pytest.fixture
def called(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[object, str, str]]:
    """Call a command; its exit code, what it printed and what it complained about."""

    def called(command: click.Command, *arguments: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as left:
            run(command, "ask", arguments)
        return left.value.code, *capsys.readouterr()

    return called


def test_an_answer_is_text_or_json_and_has_its_exit_code(called: Callable[..., tuple[object, str, str]]) -> None:
    assert called(ask, "one", "--low") == (3, "says one False True\n", "")
    code, out, err = called(ask, "one", "--json")
    assert (code, json.loads(out), err) == (3, {"é": "one"}, "")
    assert "é" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument 'WHAT'."),
        (("one", "--hihg"), "No such option '--hihg'. (Did you mean one of: '--high', '--help'?)"),
        (("one", "--low", "--high"), "--low: not allowed with argument --high"),
        (("one", "two"), "Got unexpected extra argument (two)"),
    ],
)
def test_a_wrong_call_is_one_line_that_names_the_help_and_exit_code_2(
    called: Callable[..., tuple[object, str, str]], arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = called(ask, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.endswith(" (ask --help says more)\n")
    assert err.count("\n") == 1
    assert said.partition(" (")[0] in err


def test_help_prints_the_epilog_line_for_line(called: Callable[..., tuple[object, str, str]]) -> None:
    code, out, _ = called(ask, "--help")
    assert code == 0
    assert out.endswith(f"\n\n{EPILOG}\n")


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LazyGroup:
    """Two subcommands, of which one cannot be imported."""
    (tmp_path / "verbs_of_test").mkdir()
    (tmp_path / "verbs_of_test/well.py").write_text("import click\n@click.command()\ndef run(): print('well')\n")
    (tmp_path / "verbs_of_test/broken.py").write_text("raise ImportError")
    monkeypatch.syspath_prepend(tmp_path)
    return LazyGroup("verbs_of_test", {"well": "Say well", "broken": "Break"})


def test_only_the_called_subcommand_is_imported(
    group: LazyGroup, called: Callable[..., tuple[object, str, str]]
) -> None:
    assert called(group, "well") == (None, "well\n", "")
    assert "  well    Say well\n  broken  Break\n" in called(group, "--help")[1]
    told = "error: No such command 'brokne'. Did you mean 'broken'? (ask --help says more)\n"
    assert called(group, "brokne") == (2, "", told)
    assert called(group)[0] == 2


@pytest.mark.parametrize("missing", ["no_such_library", "no_such_library.part"])
def test_a_library_that_is_not_installed_is_named_in_one_line(missing: str, group: LazyGroup, tmp_path: Path) -> None:
    (tmp_path / "verbs_of_test/broken.py").write_text(f"import {missing}")
    with pytest.raises(CreditError) as raised:
        group.get_command(click.Context(group), "broken")
    told = "broken: the library no_such_library is not installed; `make setup` installs the locked dependencies"
    assert str(raised.value).startswith(told)


def test_a_part_that_a_library_lacks_is_another_fault(group: LazyGroup, tmp_path: Path) -> None:
    (tmp_path / "verbs_of_test/broken.py").write_text("import json.no_such_part")
    with pytest.raises(ModuleNotFoundError):
        group.get_command(click.Context(group), "broken")


def test_a_stage_takes_the_parameters_of_its_function(called: Callable[..., tuple[object, str, str]]) -> None:
    @make_stage("Do it.\n\nAnd how.")
    def stage(kind: Literal["one", "other"], raw_file: Path) -> None:
        print(kind, repr(raw_file))

    assert called(stage, "other", "a/b") == (None, f"other {Path('a/b')!r}\n", "")
    assert called(stage, "other")[2].startswith("error: Missing argument 'RAW_FILE'.")
    assert called(stage, "another", "a")[2].startswith("error: Invalid value for 'KIND': 'another' is not one of 'one'")
    help_text = called(stage, "--help")[1]
    assert "Usage: ask [OPTIONS] KIND RAW_FILE\n\n  Do it.\n\n  And how.\n" in help_text
    assert help_text.endswith("Run by `dvc repro`; dvc.yaml gives the arguments.\n")


@pytest.mark.parametrize("failure", [CreditError(Problem("a", "b", "c")), KeyboardInterrupt(), BrokenPipeError()])
def test_what_a_command_raises_reaches_the_edge(failure: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    """Where click's own `main` would make all of it exit code 1."""

    @click.command
    def command() -> None:
        raise failure

    with pytest.raises(SystemExit) as left:
        run_command(lambda: run(command, "command", []), "half is done")
    expected = (130, "interrupted: half is done\n") if isinstance(failure, KeyboardInterrupt) else (1, "error: ")
    assert left.value.code == expected[0]
    assert capsys.readouterr().err.startswith(expected[1])


@pytest.mark.parametrize("words", [["release", "--help"], ["release", "gc", "--help"], ["service", "key", "--help"]])
def test_help_that_nobody_reads_to_its_end_is_no_error(words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [str(find_warm_commands() / "python"), "-m", *words]
    done = subprocess.run(command, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_who_has_seen_enough_is_no_error(unbuffered: str) -> None:
    """Nobody reads: the other end of the pipe is closed before a word is said."""
    code = "import sys; from credit.common.cli import print_answer; print_answer('x' * 100_000); sys.exit(3)"
    reading, writing = os.pipe()
    os.close(reading)
    env = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (3, "")
