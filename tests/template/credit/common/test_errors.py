"""The edge of a command: problems become lines and an exit code, never a traceback."""

import pickle
import subprocess
import sys
from typing import Self

import pytest
from pydantic import BaseModel, ValidationError, model_validator

from credit.common.errors import CreditError, Problem, list_problems, raise_if_any, run_command, word_expectation
from credit.common.invalid_values import make_value_error
from testing.parts.servers import PATIENCE


def failing(error: BaseException):
    def command() -> None:
        raise error

    return command


def test_a_problem_is_one_line_that_says_where_what_and_how_to_fix_it():
    assert str(Problem("a.csv: x", "1", "2")) == "a.csv: x: found 1, expected 2"
    assert str(Problem("a.csv", "a\n b", "c", "do  d")) == "a.csv: found a b, expected c; do d"
    assert str(Problem("git push", "timed out", fix="try\n again")) == "git push: timed out; try again", "an event"


def test_all_problems_are_raised_at_once_and_none_raises_nothing():
    raise_if_any([])
    with pytest.raises(CreditError, match=r"a: found b, expected c\nd: found e, expected f"):
        raise_if_any([Problem("a", "b", "c"), Problem("d", "e", "f")])


def test_an_error_comes_whole_from_another_process():
    error = pickle.loads(pickle.dumps(CreditError([Problem("a", "b", "c"), Problem("d", "e", "f")])))
    assert str(error) == "a: found b, expected c\nd: found e, expected f"


def test_a_command_prints_each_problem_on_one_line_and_exits_with_1(capsys):
    with pytest.raises(SystemExit) as caught:
        run_command(failing(CreditError([Problem("a", "b", "c"), Problem("d", "e", "f")])))
    assert caught.value.code == 1
    assert capsys.readouterr().err == "error: a: found b, expected c\nerror: d: found e, expected f\n"


def test_an_error_of_the_system_is_one_line_too(capsys):
    with pytest.raises(SystemExit) as caught:
        run_command(failing(PermissionError(13, "Permission denied", "x.csv")))
    assert caught.value.code == 1
    assert capsys.readouterr().err == "error: [Errno 13] Permission denied: 'x.csv'\n"


def test_an_interrupted_command_exits_with_130(capsys):
    with pytest.raises(SystemExit) as caught:
        run_command(failing(KeyboardInterrupt()))
    assert caught.value.code == 130
    assert "interrupted" in capsys.readouterr().err


LOSES_THE_EXIT = """
import os, signal, sys, time, weakref
from credit.common.errors import exit_on_interrupt

class Thing:
    pass

signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored where the tests run
exit_on_interrupt()
thing = Thing()
callback = weakref.ref(thing, lambda _: (os.kill(os.getpid(), signal.SIGINT), time.sleep(0)))
del thing
while True:
    time.sleep(1)
"""


def test_ctrl_c_is_heard_where_python_ignores_what_is_raised():
    """In the callback of a weak reference, as each import has one: the stage went on as if nobody had asked."""
    done = subprocess.run([sys.executable, "-c", LOSES_THE_EXIT], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 130
    assert done.stderr == "interrupted: nothing was written; run the same command again\n"


def test_a_fault_of_the_program_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        run_command(failing(ZeroDivisionError()))


def test_a_command_that_succeeds_just_returns():
    run_command(lambda: None)


def test_errors_are_red_on_a_terminal_unless_no_color_is_set(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    with pytest.raises(SystemExit):
        run_command(failing(CreditError(Problem("a", "b", "c"))))
    assert "\033[31merror:\033[0m a" in capsys.readouterr().err
    monkeypatch.setenv("NO_COLOR", "1")
    with pytest.raises(SystemExit):
        run_command(failing(CreditError(Problem("a", "b", "c"))))
    assert capsys.readouterr().err.startswith("error: a")


class Box(BaseModel):
    """A model whose validator refuses every value."""

    label: str

    @model_validator(mode="after")
    def _refuse(self) -> Self:
        raise make_value_error(f"the label {self.label}", "a | or b", "write {label} again")


@pytest.mark.parametrize("label", ["x", "x|y|z", "{found}", "{}", "%s", "a\nb"])
def test_no_character_of_a_value_moves_the_parts_of_its_problem(label):
    with pytest.raises(ValidationError) as caught:
        Box(label=label)
    expected = Problem("box.yaml: (file)", f"the label {label}", "a | or b", "write {label} again")
    assert list_problems(caught.value, "box.yaml") == [expected]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Input should be a valid integer, unable to parse string as an integer", "a valid integer"),
        ("Input should be 'a' or 'b'", "'a' or 'b'"),
        ("Input should be greater than 0", "a value greater than 0"),
        ("String should match pattern '^a$'", "a text of the pattern '^a$'"),
        ("List should have at least 1 item after validation, not 0", "at least 1 item after validation, not 0"),
        ("Extra inputs are not permitted", "extra inputs are not permitted"),
    ],
)
def test_what_pydantic_expects_follows_the_word_expected(message, expected):
    assert word_expectation(message) == expected
