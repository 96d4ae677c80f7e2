"""The fair file, and how to ask for another: what parametrized tests need before any fixture runs."""

from scenario.applicants import PARTITION
from scenario.params import Bias, Knobs

HIDDEN = ("risk", "creditworthiness", "really_repaid", "score", "ramp")
"""What a drawn frame has beside the file: the truth about each person."""
FAIR = Knobs(rows=12 * PARTITION, bias=Bias.none())


def changed(**knobs) -> Knobs:
    """The fair file with other knobs."""
    return Knobs.model_validate(FAIR.model_dump() | knobs)
