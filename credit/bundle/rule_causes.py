"""Word why the rule decided in place of the model, and classify these words for the metrics."""

import re

from credit.bundle.application_fit import OTHER_VERSION

NO_MODEL = "no model in this version: no candidate passed every gate when it was made"
NO_SCORE = "the model gave no score"
_LIMIT = re.compile(r" (?:than|within) (\S+) s$")
_SLOW, _LATE, _FALLBACK = "the model took longer", "the model could not answer", "fallback to the rule"


def describe_slow(seconds: float) -> str:
    """Describe a model that took longer than its time, and was left alone since."""
    return f"{_SLOW} than {seconds:g} s"


def describe_late(seconds: float) -> str:
    """Describe an application that would have waited too long for others before it."""
    return f"{_LATE} within {seconds:g} s"


def find_limit(because: str) -> float | None:
    """Find the seconds in the words of the two functions above; None in other words."""
    found = _LIMIT.search(because)
    return float(found[1]) if found else None


def describe_failure(error: Exception) -> str:
    """Describe a failure by its type; its message may repeat what an applicant wrote."""
    return f"the model failed ({type(error).__name__})"


def describe_fallback(reason: str) -> str:
    """Describe the kill switch by the reason that its entry gives."""
    return f"{_FALLBACK}: {reason}"


def describe_doubt(doubt: str) -> str:
    """Describe why nobody knows, while the store is away, whether the kill switch was used."""
    return f"no version is certain: {doubt}, and the store does not answer"


def classify_cause(because: str) -> str:
    """Classify why the rule decided by one of seven labels."""
    for start, kind in (
        ("no model", "champion"),
        (_FALLBACK, "fallback"),
        (_SLOW, "slow"),
        (_LATE, "late"),
        ("the model", "failed"),
        (OTHER_VERSION, "other_version"),
    ):
        if because.startswith(start):
            return kind
    return "no_version"
