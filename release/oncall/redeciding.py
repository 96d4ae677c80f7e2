"""Decide applications of the log again, by others who might decide: here, or as a replay does, by the engine."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain
from typing import NamedTuple

from credit.bundle.packed import PackedBundle, pack_bundle, unpack_temporarily
from credit.engine.mapping import map_partitions
from credit.registry import versions
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from credit.scoring.row_encoder import ApplicationRow
from release.oncall.affected import LiveDecider, decide_all, load_decider, load_from_folder
from release.oncall.patience import UnansweredError

_BLOCK = 1_000
"""Applications of a part."""


class Redecided(NamedTuple):
    """What an application would be decided: approve, refer or deny; None: it cannot be.

    `rule_because`: why the rule would decide, None where it would not.
    """

    kind: str | None
    rule_because: str | None


Decide = Callable[[Mapping[str, ApplicationRow]], list[Redecided]]
"""Decides applications, which have the id of their decision, in their order. Raises UnansweredError where it hangs."""
LoadDecide = Callable[[LedgerEntry], Decide]
"""Loads who decides by an entry. Raises CreditError where that cannot be, and UnansweredError where it hangs."""


class PackedDecider(NamedTuple):
    """Who decides by an entry, as another process can be sent it."""

    entry: LedgerEntry
    bundle: PackedBundle


def load_here(store: Store, entry: LedgerEntry) -> Decide:
    """Load who decides by an entry in this process, whatever the engine: no action may wait for a cluster."""
    decider = load_decider(store, entry)
    return lambda applications: _decide_all(decider, entry, list(applications.values()))


class Redecisions:
    """Decides samples that grow: by each entry every application once, in blocks wherever the engine computes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._packed: dict[LedgerEntry, PackedDecider] = {}
        self._known: dict[LedgerEntry, dict[str, Redecided]] = {}
        self._hung: dict[LedgerEntry, UnansweredError] = {}

    def load(self, entry: LedgerEntry) -> Decide:
        """Load who decides by an entry, once. Raises CreditError where the version cannot be loaded."""
        if entry not in self._packed:
            record = versions.require_version(self._store, entry.version, entry.digest)
            with versions.fetch_temporarily(self._store, record) as folder:
                packed = PackedDecider(entry, pack_bundle(folder))
            _load_packed(packed)
            self._packed[entry] = packed
        return partial(self._decide, entry)

    def _decide(self, entry: LedgerEntry, applications: Mapping[str, ApplicationRow]) -> list[Redecided]:
        if entry in self._hung:  # in a process that may be another one, and a replay asks often
            raise self._hung[entry]
        known = self._known.get(entry, {})
        new = {one: inputs for one, inputs in applications.items() if one not in known}
        inputs = list(new.values())
        blocks = [inputs[start : start + _BLOCK] for start in range(0, len(inputs), _BLOCK)]
        work = partial(decide_block, self._packed[entry])
        try:
            decided = list(chain.from_iterable(map_partitions(work, blocks, f"replay {entry.version}", "block")))
        except UnansweredError as error:
            self._hung[entry] = error
            raise
        told = known | dict(zip(new, decided, strict=True))
        self._known[entry] = {one: told[one] for one in applications}  # the sample moves on: no more than it has
        return list(self._known[entry].values())


def decide_block(packed: PackedDecider, block: Sequence[ApplicationRow]) -> list[Redecided]:
    """Decide a block of applications."""
    return _decide_all(_load_packed(packed), packed.entry, block)


@lru_cache(maxsize=2)
def _load_packed(packed: PackedDecider) -> LiveDecider:
    """Load who decides, once in a process: the version before, and the rule."""
    with unpack_temporarily(packed.bundle) as folder:
        return load_from_folder(folder, packed.entry)


def _decide_all(decider: LiveDecider, entry: LedgerEntry, block: Sequence[ApplicationRow]) -> list[Redecided]:
    made = decide_all(decider, entry, block)
    return [Redecided(one.decision.decision if one.decision else None, one.rule_because) for one in made]
