"""The fair file, and how to ask for another: what parametrized tests need before any fixture runs."""

from scenario.applicants import ROWS_PER_PARTITION
from scenario.params import Bias, ScenarioParams

HIDDEN = ("risk", "creditworthiness", "really_repaid", "score", "ramp")
"""What a drawn frame has beside the file: the truth about each person."""
FAIR = ScenarioParams(rows=12 * ROWS_PER_PARTITION, bias=Bias.parity())


def changed(**params) -> ScenarioParams:
    """The fair file with other params."""
    return ScenarioParams.model_validate(FAIR.model_dump() | params)
