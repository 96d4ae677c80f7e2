"""The file `told_reasons.json` of a bundle: what test people who are not approved would be told."""

from typing import ClassVar

from credit.reports.base import Count, Report


class ToldReasons(Report):
    """How many people are given each reason, by its code; the commonest first."""

    NAME: ClassVar[str] = "told_reasons.json"

    people: Count
    """Those who are not approved."""
    codes: dict[str, Count]
