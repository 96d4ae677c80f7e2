"""From applications to decisions that are in the log: the model in its lane, the rule beside it, then the writer."""

import asyncio
import hashlib
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from credit.errors import CreditError
from service.applications import Asked
from service.lane import Lane, Ticket
from service.log.database import Record
from service.log.writer import Item, Writer
from service.serving import Decided, Serving


class NotRecordedError(CreditError):
    """The decision could not be made durable, so that nobody may be told of it."""


class Decider:
    """Decides, one application or a batch: batches have a lane of their own, so that nobody waits behind one."""

    def __init__(self, writer: Writer, seconds: float) -> None:
        self._writer, self._seconds = writer, seconds
        self._one, self._many = Lane("one", seconds), Lane("many", seconds)

    async def decide(
        self, serving: Serving, asked: Sequence[Asked], caller: str, key: str | None, several: bool = False
    ) -> list[Record]:
        """The decisions as the log has them; under a key that was used before, those of then.

        Raises CreditError when the contract of the version refuses a value, NotRecordedError when the log is away.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Record]] = loop.create_future()

        def told(result: list[Record] | CreditError) -> None:
            failed = isinstance(result, CreditError)
            loop.call_soon_threadsafe(_settle, answer, NotRecordedError(result.problems) if failed else result)  # type: ignore[union-attr]

        def finished(result: list[Decided] | CreditError) -> None:
            if isinstance(result, CreditError):
                loop.call_soon_threadsafe(_settle, answer, result)
                return
            now = datetime.now(UTC)
            keys = [None if key is None else hashed(caller, key, i) for i in range(len(asked))]
            parts = zip(asked, result, keys, strict=True)
            self._writer.put(Item([_record(serving, *part, caller, now) for part in parts], told))

        ticket = Ticket(serving, asked, finished)
        (self._many if several else self._one).put(ticket, loop)
        try:
            return await answer
        finally:
            if ticket.watch is not None:
                ticket.watch.cancel()

    def renew(self) -> None:
        """After a swap: leave lanes behind in which the model of the old version hangs."""
        if self._one.is_stuck():
            self._one = Lane("one", self._seconds)
        if self._many.is_stuck():
            self._many = Lane("many", self._seconds)

    def close(self) -> None:
        """End when what is queued is decided."""
        self._one.close()
        self._many.close()


def hashed(caller: str, key: str, place: int) -> str:
    """An idempotency key as the log keeps it: each caller has keys of their own, and each place in a batch."""
    return hashlib.sha256(f"{caller}\0{key}\0{place}".encode()).hexdigest()


def _record(serving: Serving, asked: Asked, decided: Decided, key: str | None, caller: str, now: datetime) -> Record:
    decision, because = decided
    return {
        "id": _identifier(),
        "decided_at": now,
        "decision": decision.decision,
        "score": decision.score,
        "reasons": list(decision.reasons),
        "decided_by": decision.decided_by,
        "rule_because": because,
        "version": serving.version,
        "digest": serving.bundle.manifest.digest,
        "entry": serving.number,
        "inputs": asked.application,
        "protected": asked.protected,
        "caller": caller,
        "idempotency_key": key,
        "repeat_of": None,
    }


def _identifier() -> str:
    """A UUID of version 7 (RFC 9562) in hexadecimal: sorts by time, so that the log's index grows at its end."""
    moment, chance = time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10))
    low = chance & ((1 << 62) - 1)
    return f"{(moment << 80) | (7 << 76) | ((chance >> 68) << 64) | (2 << 62) | low:032x}"


def _settle(answer: "asyncio.Future[list[Record]]", result: list[Record] | CreditError) -> None:
    if answer.done():  # who asked has gone
        return
    if isinstance(result, CreditError):
        answer.set_exception(result)
    else:
        answer.set_result(result)
