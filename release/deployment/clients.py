"""What becomes of the applications that clients of one version send while another is live."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from credit.bundle.request_fields import RequestFields
from credit.common.errors import CreditError
from credit.contract.columns import Column
from credit.registry.store import Store
from credit.registry.stored_fields import read_stored_fields
from release.deployment.change import Change

_MAX_SHOWN = 3


class ClientEffects(NamedTuple):
    """What another version makes of applications; each part is empty where nothing changes.

    `referred`: those that not even its rule can read, which an analyst gets; `ruled`: those that its rule decides in
    place of the model; `missing`: fields that count as missing, because they are not sent; `required`: fields that
    clients may leave out now, and with which they must send; `unscored`: fields that are logged, and that it does not
    read.
    """

    referred: tuple[str, ...]
    ruled: tuple[str, ...]
    missing: tuple[str, ...]
    required: tuple[str, ...]
    unscored: tuple[str, ...]

    def list_lines(self) -> list[str]:
        """List the effects in words, the worst first."""
        parts = (
            ("an analyst gets what comes", self.referred),
            ("the rule decides what comes", self.ruled),
            ("these are missing until they are sent:", self.missing),
            ("these may not be left out any more:", self.required),
            ("these are logged and not scored:", self.unscored),
        )
        return [f"{head} {_list_some(items)}" for head, items in parts if items]


def _list_some(items: Sequence[str]) -> str:
    more = f" and {len(items) - _MAX_SHOWN:,} more" if len(items) > _MAX_SHOWN else ""
    return ", ".join(items[:_MAX_SHOWN]) + more


def describe_client_effects(store: Store, change: Change) -> list[str]:
    """Describe what a change makes of what clients send now; empty where nothing changes for them.

    That it cannot be found out stops no change: a line says so.
    """
    before, entry = change.before, change.entry
    if before is None or entry is None or entry.kind == "fallback" or before.digest == entry.digest:
        return []
    try:
        effects = compare_clients(*(read_stored_fields(store, one.digest) for one in (before, entry)))
    except CreditError as error:
        return [f"what it makes of clients of {before.version} is not known: {error.problems[0]}"]
    return [f"of what clients of {before.version} send, {line}" for line in effects.list_lines()]


def compare_clients(live: RequestFields, other: RequestFields) -> ClientEffects:
    """Compare what clients of `live` send, or leave out, with what `other` reads once it is the one that decides."""
    referred: list[str] = []
    ruled: list[str] = []
    missing: list[str] = []
    required: list[str] = []
    for name in sorted(other.needed):
        there = other.find_column(name)
        if there is None:
            continue
        sent = live.find_column(name)
        worse = referred if name in other.ruled else ruled
        if sent is not None:
            required += [] if name in live.needed else [name]
            worse += _compare_values(name, sent, there)
        elif there.missing == "allowed":
            missing.append(name)
        else:
            worse.append(f"without {name}")
    return ClientEffects(*map(tuple, (referred, ruled, missing, required, _list_unscored(live, other))))


def _list_unscored(live: RequestFields, other: RequestFields) -> Iterator[str]:
    """List the fields that another version does not know. Which members of a family clients send is not known."""
    yield from (name for name in live.columns if other.find_column(name) is None)
    known = {one.pattern for one in other.families}
    yield from (f"the fields {one.pattern}" for one in live.families if one.pattern not in known)
    yield from (name for name in live.protected if name not in other.protected)


def _compare_values(name: str, sent: Column, taken: Column) -> Iterator[str]:
    """Find the values of a field that clients send and the other version does not know."""
    if sent.type != taken.type and (sent.type, taken.type) != ("integer", "number"):
        yield f"whose {name} is of type {sent.type}, not {taken.type}"
        return
    if sent.missing == "allowed" and taken.missing == "refused":
        yield f"without {name}"
    yield from _compare_levels(name, sent, taken)
    if sent.allowed is None and taken.allowed is None:
        yield from _compare_ranges(name, sent, taken)
    if codes := set(taken.missing_codes) - set(sent.missing_codes):
        yield f"with {name} of {', '.join(sorted(map(str, codes)))}, a code for missing there"


def _compare_levels(name: str, sent: Column, taken: Column) -> Iterator[str]:
    if taken.allowed is None or taken.new_levels is not None:
        return
    if sent.allowed is None:
        yield f"with another {name} than {', '.join(map(str, taken.allowed))}"
        return
    known = {*taken.allowed, *taken.folded}
    if others := [str(value) for value in (*sent.allowed, *sent.folded) if value not in known]:
        yield f"with {name} {', '.join(others)}"
    if sent.new_levels is not None:
        yield f"with a new level of {name}"


def _compare_ranges(name: str, sent: Column, taken: Column) -> Iterator[str]:
    (low, high), (least, most) = sent.range or (None, None), taken.range or (None, None)
    if least is not None and (low is None or low < least):
        yield f"with {name} below {least:g}"
    if most is not None and (high is None or high > most):
        yield f"with {name} above {most:g}"
