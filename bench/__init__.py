"""Measures of the template itself, each in a file of its own; `python -m bench --help` lists them.

A measure is a module with a function `measure` that returns a table; the module's docstring is what
`reports/benchmarks.md` says above the table. A new file here is a new measure.
"""
