"""Loan applications whose truth is known: every bias and every drift in them is a knob (`scenario.params`).

`scenario.generate.generate(knobs, path)` writes the CSV, `scenario.expected.compute_expected(knobs)` says what a
correct measurement of it must find. The contract of the file is `data/contracts/scenario.yaml`.
"""
