"""Wrong keys: counted by address, logged, and answered ever more slowly. Who has a good key waits for nobody."""

import logging
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from service.access.keys import KeyRefusedError

_LOG = logging.getLogger(__name__)

_FREE = 5
"""Wrong keys of an address that are answered at once: somebody may have pasted a wrong one."""

_FIRST_SECONDS, _LONGEST_SECONDS = 0.1, 5.0
_FORGET_SECONDS = 60.0
_MAX_WAITING = 10
_MAX_ADDRESSES = 10_000


@dataclass
class _Address:
    """What came from an address: wrong keys in a row, those not logged yet, and refusals that wait to be answered.

    `logged`: the faults that were logged, each with the owner of the key.
    """

    last: float
    wrong: int = 0
    unlogged: int = 0
    waiting: int = 0
    logged: set[tuple[str, str | None]] = field(default_factory=set)


class WrongKeys:
    """The wrong keys of the last minute, by address. For the event loop only."""

    def __init__(self) -> None:
        self._addresses: OrderedDict[str, _Address] = OrderedDict()
        self._logged = time.monotonic()

    def note(self, address: str, refused: KeyRefusedError) -> float | None:
        """Note a wrong key, and give the seconds until it may be answered; None: too many wait already.

        Where seconds are given, `release` has to follow.
        """
        now = time.monotonic()
        found = self._addresses.pop(address, None)
        if found is None or (now - found.last > _FORGET_SECONDS and not found.waiting):
            found = _Address(now)
        self._addresses[address] = found
        while len(self._addresses) > _MAX_ADDRESSES:
            self._addresses.popitem(last=False)
        found.last, found.wrong = now, found.wrong + 1
        if (refused.why, refused.owner) not in found.logged:
            found.logged.add((refused.why, refused.owner))
            whose = f" of {refused.owner}" if refused.owner else ""
            _LOG.warning("a key%s from %s was refused: %s", whose, address, refused.why)
        else:
            found.unlogged += 1
        if found.waiting >= _MAX_WAITING:
            return None
        found.waiting += 1
        late = found.wrong - _FREE
        return min(_FIRST_SECONDS * 2.0 ** min(late - 1, 10), _LONGEST_SECONDS) if late > 0 else 0.0

    def release(self, address: str) -> None:
        """Note that a refusal was answered."""
        if (found := self._addresses.get(address)) is not None:
            found.waiting -= 1

    def log_counts(self) -> None:
        """Log once a minute how many more wrong keys came from each address."""
        now = time.monotonic()
        if now - self._logged < _FORGET_SECONDS:
            return
        self._logged = now
        for address, found in self._addresses.items():
            if found.unlogged:
                _LOG.warning("%d more wrong keys from %s", found.unlogged, address)
                found.unlogged = 0
