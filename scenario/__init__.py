"""Loan applications whose truth is known: every bias and every drift in them is a knob.

`generate(knobs, path)` writes the CSV, `expected(knobs)` says what a correct measurement of it must find. The
contract of the file is `data/contracts/scenario.yaml`.
"""

from scenario.knobs import Bias, Drift, Knobs
from scenario.truth import expected
from scenario.write import generate

__all__ = ["Bias", "Drift", "Knobs", "expected", "generate"]
