"""Who applies: one partition of people with their true risk, which the file does not have.

Every column has a random stream of its own per partition, so a knob changes the columns it is about and no other,
and a row does not depend on how many follow it.
"""

from dataclasses import dataclass
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from scenario import calibration
from scenario.params import Knobs
from scenario.probabilities import flip_share, no_score_chance, points_off, score_distribution

PARTITION = 8192
"""Rows per partition. Another number is another file."""

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def stream(knobs: Knobs, partition: int, name: str) -> np.random.Generator:
    """The random stream of one column in one partition."""
    return np.random.default_rng(np.random.SeedSequence(knobs.seed, spawn_key=(partition, crc32(name.encode()))))


@dataclass(frozen=True)
class People:
    """PARTITION people. Arrays of one value per person; groups are positions in the tuples of `figures`."""

    knobs: Knobs
    partition: int

    def uniform(self, name: str) -> Floats:
        """Even between 0 and 1, never either."""
        return np.clip(stream(self.knobs, self.partition, name).random(PARTITION), 1e-12, 1 - 1e-12)

    def normal(self, name: str) -> Floats:
        """Standard normal."""
        return stream(self.knobs, self.partition, name).standard_normal(PARTITION)

    @cached_property
    def day(self) -> Codes:
        """Days since the first."""
        span = (self.knobs.last_day - self.knobs.first_day).days + 1
        return (self.uniform("day") * span).astype(np.int64)

    @cached_property
    def ramp(self) -> Floats:
        """How far the drift has come, from 0 to 1."""
        starts = self.knobs.drift.starts
        passed = self.day / (self.knobs.last_day - self.knobs.first_day).days
        return np.clip((passed - starts) / (1 - starts), 0, 1)

    @cached_property
    def race(self) -> Codes:
        """Position in RACES."""
        bounds = np.cumsum(calibration.RACE_SHARES)[:-1]
        race = np.searchsorted(bounds, self.uniform("race"), side="right")
        others = np.cumsum(calibration.RACE_SHARES[1:])[:-1] / sum(calibration.RACE_SHARES[1:])
        other = 1 + np.searchsorted(others, self.uniform("other race"), side="right")
        replaced = (race == 0) & (self.uniform("group mix") < self.knobs.drift.group_mix * self.ramp)
        return np.where(replaced, other, race)

    @cached_property
    def gender(self) -> Codes:
        """Position in GENDERS."""
        binary = np.where(self.uniform("gender") < calibration.WOMEN, 0, 1)
        return np.where(self.uniform("non-binary") < self.knobs.non_binary, 2, binary)

    @cached_property
    def education(self) -> Codes:
        """Position in EDUCATIONS."""
        return np.where(self.uniform("education") < calibration.DEGREE, 0, 1)

    @cached_property
    def age(self) -> Codes:
        """Completed years."""
        uniform = self.uniform("age")
        ages = np.where(self.gender == 2, _ages(calibration.AGES_NON_BINARY, uniform), _ages(calibration.AGES, uniform))
        return ages.astype(np.int64)

    @cached_property
    def income(self) -> Floats:
        """Dollars a year."""
        return np.take(calibration.INCOME, self.education) * np.exp(calibration.INCOME_SPREAD * self.normal("income"))

    @cached_property
    def score(self) -> Floats:
        """The score before bias, as a standard normal of the US population."""
        mean, sd = self._distribution
        below = ndtr((ndtri(self.knobs.applicants_from / 100) - mean) / sd)
        return np.asarray(mean + sd * ndtri(below + (1 - below) * self.uniform("score")))

    @cached_property
    def creditworthiness(self) -> Floats:
        """What the score measures, without its error."""
        mean, sd = self._distribution
        trust = 1 - (calibration.ERROR / sd) ** 2
        return np.asarray(
            mean + trust * (self.score - mean) + np.sqrt(trust) * calibration.ERROR * self.normal("error")
        )

    @cached_property
    def risk(self) -> Floats:
        """The true chance of default."""
        concept = self.knobs.drift.concept * self.ramp
        return np.asarray(ndtr(calibration.INTERCEPT + concept - calibration.SLOPE * self.creditworthiness))

    @cached_property
    def really_repaid(self) -> NDArray[np.bool_]:
        """What happened."""
        return self.uniform("repaid") >= self.risk

    @cached_property
    def repaid(self) -> NDArray[np.bool_]:
        """What the file says happened."""
        flip = flip_share(self.knobs)[self.race, self.gender, self.education]
        return self.really_repaid & (self.uniform("label bias") >= flip)

    @cached_property
    def points(self) -> Codes:
        """The credit score, 300 to 850, bias included."""
        fair = np.interp(100 * ndtr(self.score), calibration.PERCENTILES, calibration.POINTS)
        biased = fair - points_off(self.knobs)[self.race, self.gender, self.education]
        return np.asarray(np.clip(np.rint(biased), 300, 850), dtype=np.int64)

    @cached_property
    def has_no_score(self) -> NDArray[np.bool_]:
        """No credit history, or a score that was lost."""
        chance = no_score_chance(self.knobs)
        young, poor = (self.age < 25).astype(np.int64), (self.income < calibration.LOW_INCOME).astype(np.int64)
        never = self.uniform("no score") < chance[self.race, young, poor]
        return never | (self.uniform("lost score") < self.knobs.drift.missingness * self.ramp)

    @cached_property
    def _distribution(self) -> tuple[Floats, Floats]:
        mean, sd = np.array(score_distribution(self.knobs)).T
        return mean[self.race] + self.knobs.drift.covariate * self.ramp, sd[self.race]


def _ages(bands: tuple[tuple[int, int, float], ...], uniform: Floats) -> Floats:
    shares = np.cumsum([0.0, *(share for _, _, share in bands)])
    return np.interp(uniform, shares, [bands[0][0], *(below for _, below, _ in bands)])
