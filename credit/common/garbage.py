"""Garbage collection in a process that does one thing and ends, as a stage and its workers do."""

import gc


def collect_rarely() -> None:
    """Let 20,000 objects come before each collection, not 700: what an import makes stays.

    Looking through it time and again is a fifth of the import of scikit-learn, and a quarter of Great Expectations'.
    """
    gc.set_threshold(20_000)
