"""Whether clients of one version can go on with another: what they send by its contract, and what the other refuses."""

import re
from collections.abc import Iterator

from credit.bundle.bundle import Bundle
from credit.bundle.request_fields import list_request_columns
from credit.contract.columns import Column


def find_refusals(live: Bundle, other: Bundle) -> list[str]:
    """Find what clients may send, or leave out, by the contract of `live` and `other` refuses; a line each."""
    return [*_compare_fields(live, other), *_compare_families(live, other), *_compare_protected(live, other)]


def _compare_fields(live: Bundle, other: Bundle) -> Iterator[str]:
    sent, taken, needed = list_request_columns(live), list_request_columns(other), set(live.inputs)
    for name in other.inputs:
        if name not in sent and _find_family_member(live, name) is None:
            yield f"it needs {name}, which they do not send"
        elif name not in needed:
            yield f"it needs {name}, which they may leave out"
    for name, column in sent.items():
        there = taken.get(name) or _find_family_member(other, name)
        if there is None:
            yield f"it refuses the field {name}"
        else:
            yield from _compare_values(name, column, there)


def _find_family_member(bundle: Bundle, name: str) -> Column | None:
    families = [one for one in bundle.families.values() if one.role == "feature" and re.fullmatch(one.pattern, name)]
    return families[0].describe_member() if families else None


def _compare_families(live: Bundle, other: Bundle) -> Iterator[str]:
    """Compare families by their patterns: which members clients send is not known."""
    taken = {one.pattern for one in other.families.values() if one.role == "feature"}
    for name, family in live.families.items():
        if family.role == "feature" and family.pattern not in taken:
            yield f"it refuses the fields of the family {name}"


def _compare_protected(live: Bundle, other: Bundle) -> Iterator[str]:
    for name, column in live.contract.protected.items():
        there = other.contract.protected.get(name)
        if there is None:
            yield f"it refuses the protected attribute {name}"
        else:
            yield from _compare_allowed(name, column, there)


def _compare_values(name: str, sent: Column, taken: Column) -> Iterator[str]:
    """Find the values of a field that are allowed now and refused there."""
    if sent.type != taken.type and (sent.type, taken.type) != ("integer", "number"):
        yield f"it takes {name} of type {taken.type}, not {sent.type}"
        return
    if sent.missing == "allowed" and taken.missing == "refused":
        yield f"it refuses a missing {name}"
    yield from _compare_allowed(name, sent, taken)
    if sent.allowed is None and taken.allowed is None:
        yield from _compare_ranges(name, sent, taken)
    if codes := set(taken.missing_codes) - set(sent.missing_codes):
        yield f"it refuses {name} of {', '.join(sorted(map(str, codes)))}, a code for missing there"


def _compare_allowed(name: str, sent: Column, taken: Column) -> Iterator[str]:
    if taken.allowed is None:
        return
    if sent.allowed is None:
        yield f"it takes only {', '.join(map(str, taken.allowed))} as {name}"
    elif others := [str(value) for value in sent.allowed if value not in taken.allowed]:
        yield f"it refuses {', '.join(others)} as {name}"


def _compare_ranges(name: str, sent: Column, taken: Column) -> Iterator[str]:
    (low, high), (least, most) = sent.range or (None, None), taken.range or (None, None)
    if least is not None and (low is None or low < least):
        yield f"it refuses {name} below {least:g}"
    if most is not None and (high is None or high > most):
        yield f"it refuses {name} above {most:g}"
