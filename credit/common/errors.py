"""The one exception that a command prints instead of a traceback, and the edge where it is caught."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    from pydantic import ValidationError


class Problem(NamedTuple):
    """One thing that is wrong: where it stands, what was found, what was expected, how to mend it."""

    where: str
    found: str
    expected: str
    mend: str = ""

    def __str__(self) -> str:
        line = f"{self.where}: found {self.found}, expected {self.expected}"
        return " ".join(f"{line}; {self.mend}".split()) if self.mend else " ".join(line.split())


class CreditError(Exception):
    """Input that cannot be used. Holds every problem found, printed as one line each."""

    def __init__(self, problems: Sequence[Problem] | Problem) -> None:
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__(self.problems)  # what the error is made of again when it comes from another process

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def raise_if_any(problems: Sequence[Problem]) -> None:
    """Raise one CreditError for all problems; do nothing when there are none."""
    if problems:
        raise CreditError(problems)


def problems_of(error: "ValidationError", file: str, block: str = "") -> list[Problem]:
    """Every finding of a pydantic error as a Problem of `file`, or of one block of it."""
    found = []
    for item in error.errors(include_url=False):
        key = ".".join([*block.split(), *map(str, item["loc"])]) or "(file)"
        kind, context = item["type"], item.get("ctx", {})
        if kind == "extra_forbidden":
            found.append(Problem(f"{file}: {key}", "an unknown key", "a known one", "is it misspelt?"))
        elif kind == "missing":
            found.append(Problem(f"{file}: {key}", "nothing", "a value"))
        elif kind == "value_error":
            found.append(Problem(f"{file}: {key}", *str(context["error"]).split("|", 2)))
        else:
            found.append(Problem(f"{file}: {key}", repr(item["input"])[:80], item["msg"][0].lower() + item["msg"][1:]))
    return found


def run(command: Callable[[], None]) -> None:
    """Run a command: a CreditError becomes one line per problem on stderr and exit code 1."""
    try:
        _until_interrupted(command)
    except CreditError as error:
        for problem in error.problems:
            print(_red("error:"), problem, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        _end()
    except OSError as error:  # disk full, no permission: the system's own words name the file
        print(_red("error:"), error, file=sys.stderr)
        sys.exit(1)


def _until_interrupted(command: Callable[[], None]) -> None:
    """Libraries that are interrupted may raise something of their own in place of the end that was asked for."""
    try:
        command()
    except Exception:
        if _interrupted.is_set():
            sys.exit(130)
        raise


def end_on_interrupt() -> None:
    """From now on Ctrl-C ends the process with one line; does nothing where Ctrl-C is ignored, as under nohup."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _on_interrupt)


def _on_interrupt(*_: object) -> None:
    _interrupted.set()
    _end()


_interrupted = threading.Event()


def _end() -> NoReturn:
    print("interrupted: nothing was written; run the same command again", file=sys.stderr)
    sys.exit(130)


def _red(text: str) -> str:
    wanted = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    return f"\033[31m{text}\033[0m" if wanted else text
