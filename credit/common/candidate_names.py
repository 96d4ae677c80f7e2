"""The names of the candidates, in the order of reports: what stages, reports and commands know of them."""

from typing import Literal

Name = Literal["heuristic", "logistic", "random_forest"]
NAMES: tuple[Name, ...] = ("heuristic", "logistic", "random_forest")
