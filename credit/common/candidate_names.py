"""The names of the candidates that run, which params.yaml lists in the order of reports."""

from typing import Annotated

from pydantic import AfterValidator

from credit.common.invalid_values import make_value_error

HEURISTIC = "heuristic"
"""The candidate that is the old rule: it goes forward when no model does."""


def _check_names(names: tuple[str, ...]) -> tuple[str, ...]:
    if HEURISTIC not in names:
        raise make_value_error(", ".join(names) or "none", f"{HEURISTIC} among them", "it is every model's fallback")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise make_value_error(f"{', '.join(twice)} twice", "each name once")
    return names


CandidateNames = Annotated[tuple[str, ...], AfterValidator(_check_names)]
"""The list `train.candidates`; the heuristic is always in it."""
