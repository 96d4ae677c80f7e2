"""The invariant of whatever divides rows: its parts are the whole."""

from collections.abc import Mapping

from credit.common.errors import CreditError, Problem


def check_parts(where: str, parts: Mapping[str, int], whole: int) -> None:
    """Raise CreditError unless the rows of all parts, by name, add up to those of the whole: none lost, none twice."""
    if sum(parts.values()) != whole:
        found = " + ".join(f"{rows:,} {name}" for name, rows in parts.items())
        fix = "nothing was written; this is a fault of the pipeline, please report it"
        raise CreditError(Problem(where, f"{found} rows", f"{whole:,} together", fix))
