"""Clients that begin requests and never finish one, as slowloris does: a byte now and then, anew when they are cut."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

_PAUSE_SECONDS = 0.25
"""Between two bytes of a client."""

_AGAIN_SECONDS = 1.0
"""Between the end of a client's connection and its next one."""


class CutConnection(NamedTuple):
    """A connection that the server ended: after how many seconds, and with what words, if any."""

    seconds: float
    answer: bytes


class SlowClients:
    """The connections of all of them that were cut so far; `held`: how many they have open, as far as they know."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.cut: list[CutConnection] = []
        self.held = 0

    @contextmanager
    def run_clients(self, starts: Sequence[bytes]) -> Iterator["SlowClients"]:
        """Run a client for each start of a request, until the block ends."""
        ended = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._run(starts, ended)))
        thread.start()
        try:
            yield self
        finally:
            ended.set()
            thread.join()

    async def _run(self, starts: Sequence[bytes], ended: threading.Event) -> None:
        clients = [asyncio.ensure_future(self._ask_for_ever(start)) for start in starts]
        while not ended.is_set():
            await asyncio.wait(clients, timeout=_PAUSE_SECONDS)
        for client in clients:
            client.cancel()
        await asyncio.wait(clients)

    async def _ask_for_ever(self, start: bytes) -> None:
        while True:
            with suppress(OSError):
                await self._ask(start)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _ask(self, start: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        begun, answer = time.monotonic(), asyncio.ensure_future(_read_to_end(reader))
        self.held += 1
        try:
            writer.write(start)
            while not answer.done():
                writer.write(b"a")
                await asyncio.wait([answer], timeout=_PAUSE_SECONDS)
            self.cut.append(CutConnection(time.monotonic() - begun, answer.result()))
        finally:
            self.held -= 1
            answer.cancel()
            writer.close()


async def _read_to_end(reader: asyncio.StreamReader) -> bytes:
    content = b""
    with suppress(OSError):
        while part := await reader.read(65_536):
            content += part
    return content
