"""The published figures that the scenario is calibrated to, each with its source, and the assumptions.

Published:
- Score by race: mean and SD of the TransRisk percentile score (0 to 100) as read from the CDFs behind Hardt, Price and
  Srebro (2016), Equality of Opportunity in Supervised Learning (301,536 scores of 2003, Federal Reserve 2007):
  white 54.0/28.7, Black 25.6/22.8, Hispanic 38.2/26.0, Asian 54.7/26.2. `SCORE` has the normal distributions
  whose values, turned into percentiles, have these moments.
- Risk: bad rate at score 40 of white .174, Black .288, Hispanic .235, Asian .129, and AUC about .89 to .93, from the
  same data. `ERROR`, `INTERCEPT` and `SLOPE` were fitted to both, the same for every race: the bad rates at equal score
  differ because a score with an error pulls less towards the truth than people's risks differ. Reached: .163,
  .300, .223, .141; AUC .93, .90, .90, .91. A race's own slope would fit better, and be unequal treatment built in.
  These are figures of a population; people below percentile `applicants_from` do not apply, and among those who do
  (30 and over, no bias) AUC is .84 and the old rule's ratio Black to white .80. Denials of conventional mortgages in
  2023 (HMDA: Black 16.6%, white 5.8%), for comparison, are a ratio of .89; nothing is fitted to them.
- Points: the histogram of scores (300 to 850) by which the code of Liu et al. (2018), Delayed Impact of Fair
  Machine Learning, turns the same percentiles into points. 620 is percentile 40.5.
- No score: 2.7% invisible and 9.8% unscored (Consumer Financial Protection Bureau, 2025 correction), which lie
  mostly with people under 25 and with low incomes; by race in the proportions 13 : 12 : 7 of Black, Hispanic and white
  people (CFPB Office of Research 2015, unscored only, superseded).
- Non-binary: 1.2 million adults, 76% of them from 18 to 29 (Williams Institute 2021, adults up to 60).
- Race: 57.8% white alone, 12.1% Black, 18.7% Hispanic, 5.9% Asian (2020 Census), here of these four alone.
- Degree: 37.7% of adults (Census Bureau CB23-TPS.21, 2022), the same for every race here, unlike life, so that the
  treatment of people without a degree can be measured without race mixed in.

Assumed, without a source: that applicants have the races of the population; gender, age (but non-binary) and degree
independent of risk and of race; Asian people without a score as often as white; how much more often people under 25 and
with low incomes have none; incomes, and how the other features follow from creditworthiness (`scenario.columns`).
"""

RACES = ("white", "Black", "Hispanic", "Asian")
GENDERS = ("woman", "man", "non-binary")
EDUCATIONS = ("degree", "no degree")
AGE_BANDS = ("under 25", "25 to 61", "62 and over")
REFERENCE = {"gender": "man", "race": "white", "education": "degree", "age_band": "25 to 61"}

RACE_SHARES = (0.612, 0.128, 0.198, 0.062)
WOMEN = 0.51
DEGREE = 0.377

SCORE = ((0.1418, 0.9968), (-0.8830, 0.9017), (-0.4018, 0.8895), (0.1554, 0.8555))
"""Mean and SD per race of the standard normal score, whose normal CDF is the percentile."""
ERROR = 0.43
"""SD of the score's error: score = creditworthiness + error, alike for everybody."""
INTERCEPT, SLOPE = -2.42, 3.75
"""Risk of default = normal CDF of INTERCEPT - SLOPE * creditworthiness."""

POINTS = (300, 350, 400, 450, 500, 550, 600, 650, 700, 750, 800, 850)
PERCENTILES = (0.0, 2.1, 6.3, 11.7, 18.2, 26.1, 35.7, 47.7, 61.5, 78.5, 94.3, 100.0)
"""Percentile of the population below each of POINTS; linear between them."""
THRESHOLD = 620
"""The old rule approves from this score on."""

NO_SCORE_RACE = (7.0, 13.0, 12.0, 7.0)
NO_SCORE_YOUNG = 3.0
"""How many times as often people under 25 have no score."""
NO_SCORE_POOR = 2.0
"""How many times as often people with less than LOW_INCOME have no score."""

AGES = ((18, 25, 0.12), (25, 62, 0.67), (62, 86, 0.21))
AGES_NON_BINARY = ((18, 30, 0.76), (30, 61, 0.24))
"""From, below, share; even within."""

INCOME = (75_000.0, 45_000.0)
"""Median dollars a year with and without a degree; log-normal."""
INCOME_SPREAD = 0.6
LOW_INCOME = 30_000.0
