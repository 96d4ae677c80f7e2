"""CreditError, which a command prints instead of a traceback, and the edge where it is caught."""

import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    from pydantic import ValidationError


class Problem(NamedTuple):
    """One problem: where, the value that was found, the one that was expected, and how to fix it.

    An event has no expected value: `found` says what happened.
    """

    where: str
    found: str
    expected: str = ""
    fix: str = ""

    def __str__(self) -> str:
        message = f"found {self.found}, expected {self.expected}" if self.expected else self.found
        line = f"{self.where}: {message}"
        return " ".join(f"{line}; {self.fix}".split()) if self.fix else " ".join(line.split())


class CreditError(Exception):
    """Input that cannot be used. Holds every problem found, printed as one line each."""

    def __init__(self, problems: Sequence[Problem] | Problem) -> None:
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        if not self.problems:
            raise ValueError("an error without a problem")  # whoever counts problems would take it for success
        super().__init__(self.problems)  # what the error is made of again when it comes from another process

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def raise_if_any(problems: Sequence[Problem]) -> None:
    """Raise one CreditError for all problems; do nothing when there are none."""
    if problems:
        raise CreditError(problems)


Location = tuple[int | str, ...]
"""Where a finding of pydantic's is: the keys from the outermost on, and places in lists."""


def list_problems(
    error: "ValidationError", file: str, block: str = "", accepts_null: Callable[[Location], bool] = lambda _: False
) -> list[Problem]:
    """List the findings of a pydantic error as Problems of `file`, or of one block of it.

    accepts_null: whether a missing key may be null, which the message says then.
    """
    found = []
    for item in error.errors(include_url=False):
        key = ".".join([*block.split(), *map(str, item["loc"])]) or "(file)"
        kind, context = item["type"], item.get("ctx", {})
        if kind == "extra_forbidden":
            found.append(Problem(f"{file}: {key}", "unknown key", fix="is it misspelt?"))
        elif kind == "missing":
            expected = "a value or null" if accepts_null(item["loc"]) else "a value"
            found.append(Problem(f"{file}: {key}", "nothing", expected))
        elif kind == "invalid_value":  # of credit.common.invalid_values, which would load pydantic here
            found.append(Problem(f"{file}: {key}", context["found"], context["expected"], context["fix"]))
        else:
            found.append(Problem(f"{file}: {key}", repr(item["input"])[:80], word_expectation(item["msg"])))
    return found


_REWORDED = (
    (r", unable to parse string.*", ""),
    (r"^\w+ should match pattern", "a text of the pattern"),
    (r"^\w+ should be (?=greater|less)", "a value "),
    (r"^\w+ should (be|have) ", ""),
)


def word_expectation(message: str) -> str:
    """Word what a message of pydantic's expects: `Input should be a valid list` becomes `a valid list`."""
    for pattern, words in _REWORDED:
        message = re.sub(pattern, words, message)
    return message[0].lower() + message[1:]


NOTHING_WRITTEN = "nothing was written; run the same command again"


def run_command(command: Callable[[], None], interrupted: str = NOTHING_WRITTEN) -> None:
    """Run a command: a CreditError becomes one line per problem on stderr and exit code 1.

    `interrupted` says after Ctrl-C in which state things are; the exit code is 130.
    """
    try:
        _run_interruptible(command)
    except CreditError as error:
        for problem in error.problems:
            print_error(problem)
        sys.exit(1)
    except KeyboardInterrupt:
        _exit_interrupted(interrupted)
    except OSError as error:  # disk full, no permission: the system's own words name the file
        print_error(error)
        sys.exit(1)


def _run_interruptible(command: Callable[[], None]) -> None:
    """Run a command; exit with 130 after Ctrl-C, even where a library raises an error of its own instead."""
    try:
        command()
    except Exception:
        if _interrupted.is_set():
            sys.exit(130)
        raise


def exit_on_interrupt() -> None:
    """Make Ctrl-C end the process with one line from now on, except where it is ignored, as under nohup."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _handle_interrupt)
        signal.signal(signal.SIGALRM, _handle_interrupt)
        sys.unraisablehook = _exit_again


def _handle_interrupt(*_: object) -> None:
    if _interrupted.is_set():
        sys.exit(130)
    _interrupted.set()
    _exit_interrupted(NOTHING_WRITTEN)


def _exit_again(unraisable: "sys.UnraisableHookArgs") -> None:
    """Exit a moment later where the exit that Ctrl-C asked for is lost: Python ignores what a callback raises."""
    if _interrupted.is_set() and issubclass(unraisable.exc_type, SystemExit):
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_AFTER)
    else:
        sys.__unraisablehook__(unraisable)


_AGAIN_AFTER = 0.01
"""Seconds, in which the callback has come to its end."""


_interrupted = threading.Event()


def _exit_interrupted(state: str) -> NoReturn:
    print(f"interrupted: {state}", file=sys.stderr)
    sys.exit(130)


def print_error(message: object) -> None:
    """Print one line on stderr, its `error:` in red on a terminal unless NO_COLOR is set."""
    in_color = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    print("\033[31merror:\033[0m" if in_color else "error:", message, file=sys.stderr)
