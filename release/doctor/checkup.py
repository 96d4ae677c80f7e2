"""A check of one thing around the project, and its result in words."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

from credit.common.errors import CreditError


class State(StrEnum):
    """Whether a check passed, failed, or could not be made; what was not checked is never called good."""

    OK = "ok"
    PROBLEM = "problem"
    NOT_CHECKED = "not checked"


class Result(NamedTuple):
    """`what` was checked, how it is, what was `found`, and how to `fix` it; nothing to fix where it is good."""

    what: str
    state: State
    found: str
    fix: str = ""

    def __str__(self) -> str:
        line = f"{self.state:<11}  {self.what}: {self.found}"
        return f"{line}; {self.fix}" if self.fix else line


Check = Callable[[], Iterator[Result]]


def run_checks(checks: dict[str, Check]) -> Iterator[Result]:
    """Run every check; one that cannot go on for bad input is a problem itself, and keeps no other from running."""
    for what, check in checks.items():
        try:
            yield from check()
        except CreditError as error:
            yield from (Result(what, State.PROBLEM, str(problem)) for problem in error.problems)
