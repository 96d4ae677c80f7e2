"""The findings of one check: problems that forbid a version, and notes for a person."""

from collections.abc import Sequence
from typing import NamedTuple

from credit.common.errors import Problem


class Findings(NamedTuple):
    """The problems that one check found, and the notes: no problem, but worth knowing."""

    problems: Sequence[Problem] = ()
    notes: Sequence[str] = ()
