"""The answer of `release blame`: the content of `--json`."""

from typing import Literal

from credit.reports.base import Count, Flag, Number, Report, ReportPart
from release.compare.sides import Sides

Verdict = Literal["attributed", "inside noise", "not reproducible", "inconclusive"]
"""`attributed`: factors, alone or together, move the figure by more than the seeds do. `inside noise`: the move is not
larger than what seeds do. `not reproducible`: the bad version, made again, has other figures than it says.
`inconclusive`: there is a move, and no factor has it."""


class FactorPart(ReportPart):
    """The part of a move that a factor has; `lowest` and `highest` over all orders in which the factors can change."""

    factor: str
    value: Number
    lowest: Number
    highest: Number
    alone: Number
    beyond_noise: Flag


class TogetherPart(ReportPart):
    """What several factors move only together."""

    factors: tuple[str, ...]
    value: Number


class FigureBlame(ReportPart):
    """One figure that moved, divided among the factors."""

    figure: str
    words: str
    good: Number
    bad: Number
    move: Number
    band: Number
    """A move within plus and minus this may be the seeds'."""
    band_source: str
    verdict: Verdict
    parts: tuple[FactorPart, ...]
    together: tuple[TogetherPart, ...]
    """Those beyond noise."""
    explained: Number
    """What all factors say together."""
    remainder: Number
    """The rest: what the seeds do, and what is not in git."""


class FactorDescription(ReportPart):
    """What differs in a factor."""

    factor: str
    what: tuple[str, ...]


class JoinedFactors(ReportPart):
    """Factors that only run together, and the error without that."""

    factors: tuple[str, ...]
    why: str


class HybridRow(ReportPart):
    """A hybrid: the good version with these factors of the bad one."""

    factors: tuple[str, ...]
    champion: str
    figures: dict[str, Number | None]
    flipped: Count | None
    """People decided otherwise than by the good version; None where they cannot be compared."""
    people: Count | None
    command: str
    """Makes it again, to look at."""


class GroupFlips(ReportPart):
    """The people of one group whom a factor alone decides otherwise, by the decision before and after."""

    factor: str
    attribute: str
    group: str
    people: Count
    flips: dict[str, Count]


class PeopleOrModel(ReportPart):
    """The models of both versions on the test rows of both: is it other people, or another model?"""

    figure: str
    values: tuple[Number, ...]
    """The good model on the good version's people, and on the bad one's; then the bad model; or empty."""
    people: Number | None
    """What the other people move, on average of both models."""
    model: Number | None
    """What the other model moves, on average of both groups of people."""
    why_not: str
    """Empty, or why a model does not judge the others."""


class InsideFactor(ReportPart):
    """A look inside a factor that moved the worst figure: the parameter, the columns, the commit; a line each."""

    factor: str
    lines: tuple[str, ...]


class Blame(Report):
    """Which step it was."""

    good: str
    bad: str
    commits: Sides[str | None]
    """None: the working tree."""
    champions: Sides[str]
    candidate: str | None
    """Whose figures these are; None: those of who goes forward in each hybrid."""
    verdict: Verdict
    """Of the worst figure."""
    sentence: str
    figures: tuple[FigureBlame, ...]
    """The worst first."""
    factors: tuple[FactorDescription, ...]
    joined: tuple[JoinedFactors, ...]
    hybrids: tuple[HybridRow, ...]
    flips: tuple[GroupFlips, ...]
    people_or_model: PeopleOrModel | None = None
    """Of the worst figure; None where nothing is blamed, or both versions are judged on the same people."""
    inside: tuple[InsideFactor, ...]
    notes: tuple[str, ...]
    """What the answer does not know, a sentence each."""
    runs: Count
    """How many pipelines were run; the others are kept from before."""
    next: tuple[str, ...]
