"""Figures and names for people. A missing value is a dash, never `nan` or `None`."""

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
METRIC_LABELS = {
    "roc_auc": "AUC",
    "ks": "KS",
    "log_loss": "log loss",
    "people": "people",
    "unscored": "without a score",
}
PERCENT_METRICS = {
    *("approval_rate", "referral_rate", "bad_rate", "selection_rate", "base_rate"),
    *("true_positive_rate", "false_positive_rate", "precision", "accuracy"),
}


class MetricText(NamedTuple):
    """A figure and its interval, as they are printed. `interval` is empty where there is none."""

    value: str
    interval: str = ""


def format_number(value: float | None, digits: int = 3) -> str:
    """Format a number with a true minus sign; a dash for None."""
    if value is None or not math.isfinite(value):
        return DASH
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", MINUS)


def format_percent(value: float | None, digits: int = 1) -> str:
    """Format a share of 1 in percent; a dash for None."""
    return DASH if value is None or not math.isfinite(value) else f"{format_number(100 * value, digits)}%"


def format_interval(ends: Sequence[float | None] | None, share: bool = False) -> str:
    """Format an interval; open at an end without a bound, empty where there is no interval."""
    write = format_percent if share else format_number
    low, high = ends or (None, None)
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f"up to {write(high)}" if low is None else f"{write(low)} and more"
    return f"{write(low)} to {write(high)}"


class NamedFigures(Protocol):
    """Figures that are looked up by name. `credit.reports.figures.Figures` is one."""

    def get_value(self, name: str) -> float | None:
        """Get a figure; None where there is none."""

    def get_interval(self, name: str) -> Sequence[float | None] | None:
        """Get the interval of a figure; None where there is none."""


def format_metric(figures: NamedFigures, name: str) -> MetricText:
    """Format a figure of a report with its interval: shares in percent, others as numbers."""
    value, share = figures.get_value(name), name in PERCENT_METRICS
    if isinstance(value, int) and not isinstance(value, bool):
        return MetricText(f"{value:,}")
    return MetricText(
        format_percent(value) if share else format_number(value),
        format_interval(figures.get_interval(name), share),
    )


def spell_out(name: str) -> str:
    """Spell out a name of the code for people."""
    return METRIC_LABELS.get(name) or name.replace("_", " ")


def format_setting(value: object) -> str:
    """Format a setting, as a hyperparameter."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "not set" if value is None else f"{value:g}" if is_number else str(value)


def format_group(attribute: str, name: str) -> str:
    """Name a group within a sentence."""
    return f"{name} ({spell_out(attribute)})"


def capitalise(text: str) -> str:
    """Capitalise the first letter and leave the others as they are."""
    return text[:1].upper() + text[1:]


def join_words(parts: Sequence[str]) -> str:
    """Join words as in a sentence: one, two and three."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
