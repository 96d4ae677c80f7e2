"""Clients on kept connections, in one event loop, that note how long each answer took."""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any, NamedTuple


class TimedAnswer(NamedTuple):
    """An answer: its status, its content, and the seconds from the first byte sent to the last received."""

    status: int
    content: Any
    seconds: float


class Client:
    """One connection that is kept."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str, body: bytes | None = None) -> TimedAnswer:
        """Send a request and read its answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        line = f"{'GET' if body is None else 'POST'} {path} HTTP/1.1"
        head = f"{line}\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        start = time.perf_counter()
        writer.write(f"{head}content-length: {len(body or b'')}\r\n\r\n".encode() + (body or b""))
        told = await reader.readuntil(b"\r\n\r\n")
        length = int(told.lower().partition(b"content-length: ")[2].split()[0])
        content = await reader.readexactly(length)
        return TimedAnswer(int(told.split()[1]), json.loads(content), time.perf_counter() - start)

    async def ask_for(self, seconds: float, path: str, body: bytes | None = None) -> list[TimedAnswer]:
        """Ask again and again for some seconds."""
        end, answers = time.perf_counter() + seconds, []
        while time.perf_counter() < end:
            answers.append(await self.ask(path, body))
            if body is None:
                await asyncio.sleep(0.02)
        return answers


async def run_clients(clients: int, port: int, seconds: float, path: str, body: bytes | None) -> list[TimedAnswer]:
    """Run so many clients at once."""
    found = await asyncio.gather(*(Client(port).ask_for(seconds, path, body) for _ in range(clients)))
    return [answer for answers in found for answer in answers]


def find_slowest(answers: Sequence[TimedAnswer]) -> float:
    """Find the seconds of the slowest answer."""
    return max(answer.seconds for answer in answers)
