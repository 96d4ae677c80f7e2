"""Suggest the words of a reason, which a person then confirms: nobody but the lender knows what it tells people."""

import re

_OF_PEOPLE = {"is": "are", "has": "have", "was": "were", "does": "do", "had": "had", "owns": "own", "lives": "live"}
"""Verbs of a description about the applicant, as they are said to the applicant."""

_COMPLETE = ("the", "a", "an", "your", "whether", "how", "you", "no")
"""First words of what can be said to an applicant as it is."""


def suggest_reason(name: str, description: str = "") -> str:
    """Suggest a reason from a column's description, without its unit and remarks, else from its name.

    `Yearly income, dollars` becomes `Your yearly income`, and `has a job` becomes `Whether you have a job`.
    """
    words = [] if description.startswith("?") else re.split(r"[,;:.(]", description)[0].split()
    if not words or words in ([name], ["column", name]):
        words = split_name(name)
    first = words[0] if words[0][1:] != words[0][1:].lower() or len(words[0]) == 1 else words[0].lower()
    if first in _OF_PEOPLE:
        return " ".join(["Whether you", _OF_PEOPLE[first], *words[1:]])
    return " ".join([first.capitalize() if first in _COMPLETE else f"Your {first}", *words[1:]])


def split_name(name: str) -> list[str]:
    """Split a column's name into words, in lower case except for abbreviations such as LTV."""
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", re.sub(r"[\W_]+", " ", name)).split() or ["column", name]
    return [word if word.isupper() and len(apart) < 4 else word.lower() for word in apart]
