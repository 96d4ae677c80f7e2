"""The names of the candidates, in the order of reports, shared by stages, reports and commands."""

from typing import Literal

CandidateName = Literal["heuristic", "logistic", "random_forest"]
CANDIDATE_NAMES: tuple[CandidateName, ...] = ("heuristic", "logistic", "random_forest")
HEURISTIC: CandidateName = "heuristic"
"""The candidate that is the old rule: it goes forward when no model does."""
