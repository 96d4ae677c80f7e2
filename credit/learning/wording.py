"""What more rows would bring, in a sentence."""

from credit.common.candidate_definition import format_candidate
from credit.common.formatting import MINUS, capitalise


def describe_gain(candidate: str, before: int, after: int, gain: float, interval: tuple[float, float]) -> str:
    """Describe the gain of the last step of the curve, and what it says of another one."""
    low, high = interval
    step = (
        f"{capitalise(format_candidate(candidate))}: from {before:,} to {after:,} rows AUC changes by "
        f"{_sign(gain)} ({_sign(low)} to {_sign(high)})"
    )
    if low > 0:
        return f"{step}; more rows would raise it further, if by less each time."
    if high <= 0:
        return f"{step}; more rows would bring nothing."
    return f"{step}; no gain is shown, and another step like it would hardly bring more than {high:.3f}."


def _sign(value: float) -> str:
    return f"{value:+.3f}".replace("-", MINUS)
