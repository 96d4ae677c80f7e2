"""thin"""

from typing import Any
from scenario.knobs import Knobs


def expected(knobs: Knobs) -> dict[str, Any]:
    """."""
    return {}
