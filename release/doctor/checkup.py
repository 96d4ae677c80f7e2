"""A check of one thing around the project, and its result in words."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

from credit.common.errors import CreditError


class State(StrEnum):
    """Whether a check passed, failed, or could not be made: nothing is called good unseen."""

    OK = "ok"
    PROBLEM = "problem"
    NOT_CHECKED = "not checked"


class Result(NamedTuple):
    """The result of one check: its subject, its state, the finding, and how to `fix` it where it is not good."""

    what: str
    state: State
    found: str
    fix: str = ""

    def __str__(self) -> str:
        line = f"{self.state:<11}  {self.what}: {self.found}"
        return f"{line}; {self.fix}" if self.fix else line


class Check(NamedTuple):
    """A check, and the first thing to do where it cannot go on and the error does not say it."""

    run: Callable[[], Iterator[Result]]
    fix: str


def run_checks(checks: dict[str, Check]) -> Iterator[Result]:
    """Run every check; one that cannot go on for bad input is a problem itself, and keeps no other from running."""
    for what, check in checks.items():
        try:
            yield from check.run()
        except CreditError as error:
            for problem in error.problems:
                yield Result(what, State.PROBLEM, str(problem._replace(fix="")), problem.fix or check.fix)
