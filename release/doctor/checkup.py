"""A check of one thing around the project, and its result in words."""

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

from credit.common.errors import CreditError

_CREDENTIALS = re.compile(r"(?<=://)[^/\s'\"]*@")
"""The user and the password in an address, up to the last @ before its path: a password may hold one, unescaped."""


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
    """Run every check; one that cannot go on for bad input is a problem itself, and keeps no other from running.

    No result shows the user and the password of an address: they come with settings, and with the complaints of tools.
    """
    for what, check in checks.items():
        for result in _run_check(what, check):
            yield result._replace(found=hide_credentials(result.found), fix=hide_credentials(result.fix))


def hide_credentials(text: str) -> str:
    """Take the user and the password out of every address in a text."""
    return _CREDENTIALS.sub("", text)


def _run_check(what: str, check: Check) -> Iterator[Result]:
    try:
        yield from check.run()
    except CreditError as error:
        for problem in error.problems:
            yield Result(what, State.PROBLEM, str(problem._replace(fix="")), problem.fix or check.fix)
