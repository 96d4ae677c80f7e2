"""Connections that are made to be expensive: headers without end, idle ones, and requests that are never finished."""

import asyncio
import socket
import time
from contextlib import ExitStack

from bench.clients import Client, find_slowest
from bench.report import format_target
from bench.servers import Server
from bench.service import DECISIONS_PATH
from testing.parts.slow_clients import SlowClients

PressureRow = tuple[str, str, str, str]
BUDGET, MARGIN = 0.25, 0.1
"""Seconds that a model has for one application, and that all the rest may take."""

_SLOW_SECONDS = 15.0
"""Longer than headers may take, and shorter than a body may."""


def measure_headers(server: Server) -> list[PressureRow]:
    """Measure a connection that sends headers without end, a hundred megabytes of them if it may."""
    used, sent = server.processor_seconds, 0
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nx: ")
        try:
            while sent < 100_000_000:
                sent += client.send(b"a" * 65_536)
        except OSError:
            pass
    used = server.processor_seconds - used
    return [(f"headers without end: closed after {sent / 1e6:.1f} MB, {used:.2f} s of the processor", "", "", "")]


def measure_idle(server: Server, body: bytes) -> list[PressureRow]:
    """Measure more connections that ask nothing than there may be files, and a client beside them."""
    with ExitStack() as idle:
        for _ in range(400):
            idle.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        answer = asyncio.run(Client(server.port).ask(DECISIONS_PATH, body))
    return [(f"400 idle connections at `ulimit -n 256`: {answer.status}", f"{answer.seconds:.3f} s", "", "200")]


async def measure_slow_clients(server: Server, body: bytes, clients: int) -> list[PressureRow]:
    """Measure requests that never end, and a client meanwhile whose connection is new each time."""
    head = b"POST /v1/decisions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    starts = [head + b"x: ", head + b"content-length: 9999\r\n\r\n{"] * (clients // 2)
    before, most, answers = server.sockets, 0, []
    with SlowClients(server.port).run_clients(starts) as slow:
        end = time.perf_counter() + _SLOW_SECONDS
        while time.perf_counter() < end:
            answers.append(await Client(server.port).ask(DECISIONS_PATH, body))
            most = max(most, server.sockets - before)
            await asyncio.sleep(0.02)
    late = [one.seconds for one in slow.cut if one.answer]
    cut = f"{len(slow.cut) - len(late):,} cut as the oldest, {len(late):,} told 408"
    if late:
        cut += f" after {max(late):.1f} s at most"
    good = sum(answer.status == 200 for answer in answers)
    name = f"{clients} requests that never end, there: {most} held, {cut}; 200 for {good:,} of {len(answers):,} others"
    slowest = find_slowest(answers)
    return [(name, f"{slowest:.3f} s", "", format_target(slowest, BUDGET + MARGIN, f"{BUDGET + MARGIN:g} s"))]
