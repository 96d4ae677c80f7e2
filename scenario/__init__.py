"""Loan applications whose truth is known: every bias and every drift in them is a parameter (`scenario.params`).

`scenario.generate.generate(params, path)` writes the CSV, `scenario.expected.compute_expected(params)` computes what a
correct measurement of it must find. The contract of the file is `data/contracts/scenario.yaml`.
"""
