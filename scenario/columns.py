"""The columns of the file, computed from people.

How features follow from creditworthiness is assumed, not published; none of them depends on race, gender or education
except through creditworthiness and, for income, education. `area_index` alone is made to betray race. Values are
rounded to far fewer digits than are computed, so that another processor writes the same bytes.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from scenario import calibration
from scenario.applicants import ROWS_PER_PARTITION, Applicants, make_generator
from scenario.params import ScenarioParams

ColumnValues = tuple[NDArray[Any], NDArray[np.bool_] | None]
"""Values, and where they are missing."""

TERMS = np.array([12, 24, 36, 48, 60])
COPY_SOURCES = {
    "income": (60_000, 40_000),
    "monthly_debt": (1_500, 1_000),
    "amount": (18_000, 12_000),
    "years_in_job": (6, 6),
    "late_payments": (0.7, 1),
    "utilisation": (30, 20),
    "inquiries": (1, 1.2),
}
"""The features that redundant columns repeat in turn, with the centre and scale that they are brought to."""


def build_columns(people: Applicants) -> dict[str, ColumnValues]:
    """Build every column but the noise and the redundant ones, PARTITION rows each, in the order of the file."""
    params = people.params
    first = people.partition * ROWS_PER_PARTITION + 1
    day = (np.datetime64(params.first_day, "D") + people.day).astype("datetime64[D]")
    return {
        "application_id": (np.arange(first, first + ROWS_PER_PARTITION), None),
        "applied_on": (day, None),
        "credit_score": (people.points, people.has_no_score),
        "gender": (np.array(calibration.GENDERS)[people.gender], _draw_undisclosed(people, "gender")),
        "race": (np.array(calibration.RACES)[people.race], _draw_undisclosed(people, "race")),
        "education": (np.array(calibration.EDUCATIONS)[people.education], None),
        "age": (people.age, None),
        **{name: (values, None) for name, values in _draw_features(people).items()},
        "repaid": (people.repaid.astype(np.int64), None),
    }


def _draw_undisclosed(people: Applicants, attribute: str) -> NDArray[np.bool_]:
    return people.draw_uniform(f"{attribute} undisclosed") < people.params.undisclosed


def _draw_features(people: Applicants) -> dict[str, NDArray[Any]]:
    worth, income = people.creditworthiness, people.income
    burden = 0.3 * np.exp(-0.25 * worth + 0.5 * people.draw_normal("monthly_debt"))
    amount = 0.3 * income * np.exp(0.5 * people.draw_normal("amount"))
    years = np.minimum(-6 * np.log(people.draw_uniform("years_in_job")), people.age - 18)
    late = _draw_counts(np.exp(np.minimum(-0.3 - 0.9 * worth, 2.5)), people.draw_uniform("late_payments"), 24)
    asked = _draw_counts(np.exp(np.minimum(0.1 - 0.4 * worth, 2.5)), people.draw_uniform("inquiries"), 20)
    marked = np.isin(people.race, [calibration.RACES.index("Black"), calibration.RACES.index("Hispanic")])
    return {
        "income": _round_and_clip(income, 6_000, 1_000_000),
        "monthly_debt": _round_and_clip(income / 12 * np.minimum(burden, 1.5), 0, 125_000),
        "amount": 100 * _round_and_clip(amount / 100, 10, 1_000),
        "term": TERMS[(people.draw_uniform("term") * len(TERMS)).astype(np.int64)],
        "years_in_job": np.round(years, 1),
        "late_payments": late,
        "utilisation": _round_and_clip(
            100 * ndtr(-0.5 - 0.6 * worth + 0.6 * people.draw_normal("utilisation")), 0, 100
        ),
        "inquiries": asked,
        "area_index": np.round(50 + 10 * (people.draw_normal("area_index") + people.params.bias.proxy * marked), 1),
    }


def _draw_counts(mean: NDArray[np.float64], uniform: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Draw Poisson counts from one uniform number each.

    `Generator.poisson` uses up more of its stream for a higher mean, so one person's count would change the next one's.
    """
    term = np.exp(-mean)
    below = term.copy()
    counts = np.zeros(len(mean), np.int64)
    for count in range(1, most + 1):
        counts += uniform > below
        term *= mean / count
        below += term
    return counts


def _round_and_clip(values: NDArray[np.float64], lowest: int, highest: int) -> NDArray[np.int64]:
    return np.clip(np.rint(values), lowest, highest).astype(np.int64)


def list_extra_names(params: ScenarioParams) -> list[str]:
    """List the names of the noise and redundant columns."""
    return [f"{kind}_{n:04d}" for kind in ("noise", "redundant") for n in range(1, getattr(params, kind) + 1)]


def draw_extra_columns(people: Applicants, columns: dict[str, ColumnValues]) -> Iterator[NDArray[np.float32]]:
    """Draw noise, then noisy copies of the features in turn; PARTITION rows each, three decimals."""
    features = list(COPY_SOURCES)
    for name in list_extra_names(people.params):
        values = make_generator(people.params, people.partition, name).standard_normal(
            ROWS_PER_PARTITION, dtype=np.float32
        )
        if name.startswith("redundant"):
            copied = features[(int(name[-4:]) - 1) % len(features)]
            centre, scale = COPY_SOURCES[copied]
            values = ((columns[copied][0] - centre) / scale + 0.3 * values).astype(np.float32)
        yield np.round(values, 3) + np.float32(0)  # no minus zero
