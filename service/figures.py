"""What was decided lately, in figures, and what is not in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from credit.columns import Column
from service.log.summary import NEWEST, Lately
from service.moment import moment_of
from service.shares import Attribute, Decider, Share, attributes, by_rule, deciders, outcomes


@dataclass(frozen=True)
class Decisions:
    """What was decided lately. `notes` say what is not in the figures, or may be twice."""

    notes: list[str]
    total: str
    outcomes: list[Share]
    by_rule: Share
    deciders: list[Decider]
    attributes: list[Attribute]


def decisions_of(known: Lately | None, protected: Mapping[str, Column], now: datetime) -> Decisions:
    """What was decided lately. `known` None: the decision log cannot be read."""
    lately = known or Lately((), [], False, False, 0)
    cells, notes = lately.cells, []
    if known is None:
        notes.append("The decision log cannot be read: there are no figures.")
    elif not lately.answered:
        notes.append("The database does not answer: decisions that are in it are not in these figures.")
    elif lately.spooled:
        notes.append("Decisions in the spool are counted; until they are in the database, some may be counted twice.")
    if lately.cut:
        first = min(cell.first for cell in cells)
        notes.append(f"There were more: counted are the newest {NEWEST:,}, since {moment_of(first, now).said}.")
    return Decisions(
        notes=notes,
        total=f"{sum(cell.number for cell in cells):,}",
        outcomes=outcomes(cells),
        by_rule=by_rule(cells),
        deciders=deciders(cells),
        attributes=attributes(cells, lately.attributes, protected),
    )
