"""The applicants: one partition of people with their true risk, which the file does not have.

Every column has a random stream of its own per partition, so a parameter changes the columns it is about and no other,
and a row does not depend on how many follow it.
"""

from dataclasses import dataclass
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from scenario import calibration
from scenario.params import ScenarioParams
from scenario.probabilities import (
    compute_missing_score_probability,
    label_flip_probability,
    score_distribution,
    score_penalty,
)

ROWS_PER_PARTITION = 8192
"""Rows per partition. Another number is another file."""

Floats = NDArray[np.float64]
IntArray = NDArray[np.int64]


def make_generator(params: ScenarioParams, partition: int, name: str) -> np.random.Generator:
    """Make the random stream of one column in one partition."""
    return np.random.default_rng(np.random.SeedSequence(params.seed, spawn_key=(partition, crc32(name.encode()))))


@dataclass(frozen=True)
class Applicants:
    """PARTITION people. Arrays of one value per person; groups are positions in the tuples of `calibration`."""

    params: ScenarioParams
    partition: int

    def draw_uniform(self, name: str) -> Floats:
        """Draw evenly between 0 and 1, both excluded."""
        return np.clip(make_generator(self.params, self.partition, name).random(ROWS_PER_PARTITION), 1e-12, 1 - 1e-12)

    def draw_normal(self, name: str) -> Floats:
        """Draw from the standard normal distribution."""
        return make_generator(self.params, self.partition, name).standard_normal(ROWS_PER_PARTITION)

    @cached_property
    def day(self) -> IntArray:
        """Days since the first."""
        span = (self.params.last_day - self.params.first_day).days + 1
        return (self.draw_uniform("day") * span).astype(np.int64)

    @cached_property
    def ramp(self) -> Floats:
        """How far the drift has come, from 0 to 1."""
        starts = self.params.drift.starts
        passed = self.day / (self.params.last_day - self.params.first_day).days
        return np.clip((passed - starts) / (1 - starts), 0, 1)

    @cached_property
    def race(self) -> IntArray:
        """Position in RACES."""
        bounds = np.cumsum(calibration.RACE_SHARES)[:-1]
        race = np.searchsorted(bounds, self.draw_uniform("race"), side="right")
        others = np.cumsum(calibration.RACE_SHARES[1:])[:-1] / sum(calibration.RACE_SHARES[1:])
        other = 1 + np.searchsorted(others, self.draw_uniform("other race"), side="right")
        replaced = (race == 0) & (self.draw_uniform("group mix") < self.params.drift.group_mix * self.ramp)
        return np.where(replaced, other, race)

    @cached_property
    def gender(self) -> IntArray:
        """Position in GENDERS."""
        binary = np.where(self.draw_uniform("gender") < calibration.WOMEN, 0, 1)
        return np.where(self.draw_uniform("non-binary") < self.params.non_binary, 2, binary)

    @cached_property
    def education(self) -> IntArray:
        """Position in EDUCATIONS."""
        return np.where(self.draw_uniform("education") < calibration.DEGREE, 0, 1)

    @cached_property
    def age(self) -> IntArray:
        """Completed years."""
        uniform = self.draw_uniform("age")
        ages = np.where(
            self.gender == 2,
            _interpolate_ages(calibration.AGES_NON_BINARY, uniform),
            _interpolate_ages(calibration.AGES, uniform),
        )
        return ages.astype(np.int64)

    @cached_property
    def income(self) -> Floats:
        """Dollars a year."""
        return np.take(calibration.INCOME, self.education) * np.exp(
            calibration.INCOME_SPREAD * self.draw_normal("income")
        )

    @cached_property
    def score(self) -> Floats:
        """The score before bias, as a standard normal of the US population."""
        mean, sd = self._distribution
        below = ndtr((ndtri(self.params.applicants_from / 100) - mean) / sd)
        return np.asarray(mean + sd * ndtri(below + (1 - below) * self.draw_uniform("score")))

    @cached_property
    def creditworthiness(self) -> Floats:
        """What the score measures, without its error."""
        mean, sd = self._distribution
        trust = 1 - (calibration.ERROR / sd) ** 2
        return np.asarray(
            mean + trust * (self.score - mean) + np.sqrt(trust) * calibration.ERROR * self.draw_normal("error")
        )

    @cached_property
    def risk(self) -> Floats:
        """The true chance of default."""
        concept = self.params.drift.concept * self.ramp
        return np.asarray(ndtr(calibration.INTERCEPT + concept - calibration.SLOPE * self.creditworthiness))

    @cached_property
    def really_repaid(self) -> NDArray[np.bool_]:
        """The true outcome."""
        return self.draw_uniform("repaid") >= self.risk

    @cached_property
    def repaid(self) -> NDArray[np.bool_]:
        """The outcome that the file records."""
        flip = label_flip_probability(self.params)[self.race, self.gender, self.education]
        return self.really_repaid & (self.draw_uniform("label bias") >= flip)

    @cached_property
    def points(self) -> IntArray:
        """The credit score, 300 to 850, bias included."""
        fair = np.interp(100 * ndtr(self.score), calibration.PERCENTILES, calibration.POINTS)
        biased = fair - score_penalty(self.params)[self.race, self.gender, self.education]
        return np.asarray(np.clip(np.rint(biased), 300, 850), dtype=np.int64)

    @cached_property
    def has_no_score(self) -> NDArray[np.bool_]:
        """No credit history, or a score that was lost."""
        chance = compute_missing_score_probability(self.params)
        young, poor = (self.age < 25).astype(np.int64), (self.income < calibration.LOW_INCOME).astype(np.int64)
        never = self.draw_uniform("no score") < chance[self.race, young, poor]
        return never | (self.draw_uniform("lost score") < self.params.drift.missingness * self.ramp)

    @cached_property
    def _distribution(self) -> tuple[Floats, Floats]:
        mean, sd = np.array(score_distribution(self.params)).T
        return mean[self.race] + self.params.drift.covariate * self.ramp, sd[self.race]


def _interpolate_ages(bands: tuple[tuple[int, int, float], ...], uniform: Floats) -> Floats:
    shares = np.cumsum([0.0, *(share for _, _, share in bands)])
    return np.interp(uniform, shares, [bands[0][0], *(below for _, below, _ in bands)])
