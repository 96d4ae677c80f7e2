"""How figures are written, above all those that there are not."""

import math
from typing import Any

import pytest

from credit.common.formatting import (
    DASH,
    MINUS,
    format_interval,
    format_metric,
    format_number,
    format_percent,
    join_words,
    spell_out,
)


class Figures(dict[str, Any]):
    """Figures by name."""

    def get_value(self, name: str) -> float | None:
        return self.get(name)

    def get_interval(self, name: str) -> list[float | None] | None:
        return self.get(f"{name}_interval")


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, -math.inf])
def test_a_figure_that_there_is_not_is_a_dash(missing: float | None) -> None:
    assert format_number(missing) == format_percent(missing) == DASH
    assert format_metric(Figures({"precision": missing, "precision_interval": None}), "precision") == (DASH, "")


def test_a_negative_number_has_a_minus_sign_and_a_negative_zero_has_none() -> None:
    assert format_number(-0.1034) == f"{MINUS}0.103"
    assert format_number(-0.0001) == "0.000"


def test_an_interval_without_a_bound_is_open_on_that_side() -> None:
    assert format_interval([0.5, None]) == "0.500 and more"
    assert format_interval([None, 0.5]) == "up to 0.500"
    assert format_interval([None, None]) == format_interval(None) == ""
    assert format_interval([0.25, 0.5], share=True) == "25.0% to 50.0%"


def test_shares_are_in_percent_and_counts_are_whole() -> None:
    assert format_metric(Figures({"bad_rate": 0.0718, "bad_rate_interval": [0.05, 0.1]}), "bad_rate") == (
        "7.2%",
        "5.0% to 10.0%",
    )
    assert format_metric(Figures({"people": 12345}), "people").value == "12,345"
    assert format_metric(Figures({"ks": 0.5}), "ks").value == "0.500"


def test_names_and_lists_read_as_people_say_them() -> None:
    assert [spell_out(name) for name in ("roc_auc", "marital_status")] == ["AUC", "marital status"]
    assert [join_words(list(text)) for text in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]
