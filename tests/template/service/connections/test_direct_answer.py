"""A request that comes in one piece is answered directly; every other one by the application, with the same bytes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import Mock

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from service.connections.direct_answer import AnswerParts
from service.connections.direct_protocol import DIRECT_KEY
from service.connections.open_connections import ConnectionLimits, OpenConnections
from service.connections.protocol import STATE_KEY, LimitedProtocol

LIMITS = ConnectionLimits(
    header_bytes=4_096, header_seconds=60, body_bytes=4_096, body_seconds=60, connections=9, address_connections=9
)
HEAD = b"POST /direct HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"
OLD_HEAD = HEAD.replace(b"1.1", b"1.0")
ANSWER: AnswerParts = (200, ((b"content-length", b"2"), (b"x", b"y")), b"{}")


class Pending:
    """An answer that a test ends."""

    def __init__(self) -> None:
        self.waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.finished = 0

    def finish(self) -> AnswerParts:
        self.finished += 1
        return ANSWER


class Direct:
    """Takes what is sent to /direct, but for bodies that it is told to leave."""

    def __init__(self) -> None:
        self.begun: list[bytes] = []
        self.scopes: list[dict[str, Any]] = []
        self.pending: list[Pending] = []
        self.left = b"no"

    def takes(self, scope: Any) -> bool:
        return bool(scope["path"] == "/direct" and scope["method"] == "POST")

    def begin(self, scope: Any, body: bytes) -> Pending | None:
        if body == self.left:
            return None
        self.begun.append(body)
        self.scopes.append(dict(scope))
        self.pending.append(Pending())
        return self.pending[-1]


class Client:
    """One connection, what is written to it, and the bodies that the application was asked with."""

    def __init__(self, is_direct: bool = True) -> None:
        self.direct, self.asked, self.headers = Direct(), list[bytes](), list[Any]()
        state: dict[str, Any] = {STATE_KEY: OpenConnections(LIMITS, Mock())}
        config = Config(self._answer, http="httptools", ws="none", log_config=None, interface="asgi3")
        self.protocol = LimitedProtocol(config, ServerState(), state | ({DIRECT_KEY: self.direct} if is_direct else {}))
        self.transport = Mock()
        self.transport.get_extra_info.return_value = None
        self.transport.is_closing.side_effect = lambda: self.transport.close.called
        self.protocol.connection_made(self.transport)

    async def _answer(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.asked.append(body)
        self.headers.append(scope["headers"])
        await send({"type": "http.response.start", "status": ANSWER[0], "headers": [*ANSWER[1]]})
        await send({"type": "http.response.body", "body": ANSWER[2]})

    async def send(self, *pieces: bytes, end: bool = True) -> bytes:
        """Send pieces, end what is pending after each, and return what is written."""
        for piece in pieces:
            self.protocol.data_received(piece)
            await settle()
            if end:
                await self.end()
        return self.written

    async def end(self) -> None:
        for pending in self.direct.pending:
            if not pending.waiting.done():
                pending.waiting.set_result(None)
        await settle()

    @property
    def written(self) -> bytes:
        return b"".join(call.args[0] for call in self.transport.write.call_args_list)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(work())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pieces", "direct", "asked"),
    [
        ([HEAD + b"{}"], [b"{}"], []),
        ([HEAD + b"{}", HEAD + b"[]"], [b"{}", b"[]"], []),
        ([OLD_HEAD + b"{}"], [b"{}"], []),
        ([HEAD.replace(b"Host", b"Connection: close\r\nHost") + b"{}"], [b"{}"], []),
        ([HEAD, b"{}"], [], [b"{}"]),
        ([HEAD[:-2], b"\r\n{}"], [b"{}"], []),
        ([HEAD + b"{", b"}"], [], [b"{}"]),
        ([HEAD + b"no"], [], [b"no"]),
        ([HEAD.replace(b"POST", b"PUT") + b"{}"], [], [b"{}"]),
        ([HEAD.replace(b"POST", b"HEAD") + b"{}"], [], [b"{}"]),
        ([HEAD.replace(b"/direct", b"/other") + b"{}"], [], [b"{}"]),
        ([HEAD + b"{}" + HEAD + b"[]" + HEAD + b'""'], [b"{}"], [b"[]", b'""']),
        ([HEAD.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n\r\n"], [b"{}"], []),
        ([HEAD.replace(b"Host", b"Expect: 100-continue\r\nHost") + b"{}"], [b"{}"], []),
    ],
)
def test_who_answers_makes_no_difference_to_the_client(
    pieces: list[bytes], direct: list[bytes], asked: list[bytes]
) -> None:
    async def ask() -> None:
        client, plain = Client(), Client(is_direct=False)
        written = await client.send(*pieces)
        assert (client.direct.begun, client.asked) == (direct, asked)
        assert written.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"") == (await plain.send(*pieces)).replace(
            b"HTTP/1.1 100 Continue\r\n\r\n", b""
        )
        assert written.count(b"HTTP/1.1 200 ") == len(direct) + len(asked)
        assert client.transport.close.called == plain.transport.close.called
        assert client.protocol.tasks == set()
        assert [one.finished for one in client.direct.pending] == [1] * len(direct)

    run(ask)


def test_answers_come_in_the_order_of_the_requests() -> None:
    async def ask() -> None:
        client = Client()
        assert await client.send(HEAD + b"{}" + HEAD + b"[]", end=False) == b""
        assert client.asked == [], "the second waits for the answer to the first"
        await client.end()
        assert client.asked == [b"[]"]
        assert client.written.count(b"HTTP/1.1 200 ") == 2

    run(ask)


def test_a_client_that_goes_before_its_answer_is_written_nothing_and_what_it_asked_is_finished() -> None:
    async def ask() -> None:
        client = Client()
        await client.send(HEAD + b"{}", end=False)
        client.protocol.connection_lost(None)
        await client.end()
        assert client.written == b""
        assert client.direct.pending[0].finished == 1
        assert client.protocol.tasks == set()

    run(ask)


def test_an_answer_waits_for_a_client_that_does_not_read() -> None:
    """Else a client that asks and never reads would fill the memory with answers."""

    async def ask() -> None:
        client = Client()
        client.protocol.pause_writing()
        assert await client.send(HEAD + b"{}") == b""
        await client.send(HEAD + b"[]")
        assert client.direct.begun == [b"{}"], "the next request waits too"
        client.protocol.resume_writing()
        await settle()
        assert client.written.count(b"HTTP/1.1 200 ") == 2
        assert client.asked == [b"[]"]

    run(ask)


def test_a_server_that_ends_waits_for_the_answer_and_closes_the_connection_after_it() -> None:
    async def ask() -> None:
        client = Client()
        await client.send(HEAD + b"{}", end=False)
        client.protocol.shutdown()
        assert not client.transport.close.called
        assert client.protocol.tasks == {client.direct.pending[0].waiting}, "what uvicorn waits for, and cancels"
        await client.end()
        assert b"connection: close\r\n" in client.written
        assert client.transport.close.called

    run(ask)


def test_a_parser_that_fails_behind_a_head_leaves_nothing_that_is_answered_later() -> None:
    async def ask() -> None:
        client = Client()
        head = HEAD.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked")
        written = await client.send(head + b"no size\r\n")
        assert written.startswith(b"HTTP/1.1 400 ")
        assert written.count(b"HTTP/1.1 ") == 1
        client.protocol.connection_lost(None)
        await settle()
        assert client.direct.begun == []
        assert client.protocol.tasks == set()

    run(ask)


LONGER = HEAD.replace(b": 2", b": 3")


@pytest.mark.parametrize("head", [HEAD, HEAD.lower().replace(b"post", b"POST").replace(b"http/", b"HTTP/")])
def test_a_head_that_is_known_is_not_parsed_again_whatever_the_length_of_the_body(head: bytes) -> None:
    async def ask() -> None:
        client = Client()
        await client.send(head + b"{}")
        client.protocol.parser = None  # type: ignore[assignment]
        await client.send(head.replace(b": 2", b": 3") + b"{ }", head + b"[]", head.replace(b": 2", b": 0"))
        assert client.direct.begun == [b"{}", b"{ }", b"[]", b""]
        assert client.direct.scopes[2] == client.direct.scopes[0]
        assert (b"content-length", b"3") in client.direct.scopes[1]["headers"]
        assert client.direct.scopes[2]["state"] is not client.direct.scopes[1]["state"]

    run(ask)


@pytest.mark.parametrize(
    "piece",
    [
        LONGER + b"{ }",
        LONGER + b"no!",
        HEAD + b"no",
        HEAD + b"{}" + HEAD + b"[]",
        HEAD + b"{}" + HEAD + b"[",
        HEAD + b"{}GARBAGE",
        HEAD + b"{}\r\n",
        b"\r\n" + HEAD + b"{}",
        HEAD.replace(b": 2", b": 02") + b"{}",
        HEAD.replace(b": 2", b": +2") + b"{}",
        HEAD.replace(b": 2", b": 2 ") + b"{}",
        HEAD.replace(b": 2", b":  2") + b"{}",
        HEAD.replace(b": 2", b": -2") + b"{}",
        HEAD.replace(b": 2", b": ") + b"{}",
        HEAD.replace(b": 2", b": 2, 2") + b"{}",
        HEAD.replace(b": 2", b": 2\r\nContent-Length: 2") + b"{}",
        HEAD.replace(b": 2", b": 2\r\nTransfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n\r\n",
        HEAD.replace(b"Host", b"Connection: close\r\nHost") + b"{}",
        HEAD.replace(b"Host: localhost\r\n", b"") + b"{}",
        HEAD.replace(b"POST", b"PUT") + b"{}",
        OLD_HEAD + b"{}",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_beside_a_known_head_every_request_is_what_the_parser_says(piece: bytes) -> None:
    """Also the one after it: the parser, which did not see the known ones, is at the begin of a request."""

    async def ask() -> None:
        client, plain = Client(), Client(is_direct=False)
        client.direct.left = b"no!"
        pieces = [HEAD + b"{}", HEAD + b"[]", piece, HEAD + b'""']
        assert await client.send(*pieces) == await plain.send(*pieces)
        assert sorted([*client.direct.begun, *client.asked]) == sorted(plain.asked)
        assert all(headers in plain.headers for headers in client.headers)
        assert client.transport.close.called == plain.transport.close.called
        assert client.protocol.tasks == set()

    run(ask)


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace(b"Host", b"Expect: 100-continue\r\nHost"),
        HEAD.replace(b"Host", b"Upgrade: h2c\r\nHost"),
        HEAD.replace(b"Host", b"x: " + b"a" * 2_048 + b"\r\nHost"),
        HEAD.replace(b": 2", b": 02"),
        HEAD.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked"),
    ],
    ids=["expect", "upgrade", "long", "zeros", "chunks"],
)
def test_an_unusual_head_is_parsed_each_time(head: bytes) -> None:
    async def ask() -> None:
        client = Client()
        body = b"{}" if b"chunked" not in head else b"2\r\n{}\r\n0\r\n\r\n"
        await client.send(*[head + body] * 3)
        assert client.protocol._known is None

    run(ask)


def test_a_head_that_other_requests_came_with_is_not_learnt() -> None:
    """Not of two in one piece, whose first is not all of it, nor of one that nobody answers directly."""

    async def ask() -> None:
        for pieces in ([HEAD + b"{}" + HEAD + b"[]"], [HEAD, b"{}"], [HEAD.replace(b"/direct", b"/other") + b"{}"]):
            client = Client()
            await client.send(*pieces)
            assert client.protocol._known is None

    run(ask)


def test_a_connection_that_is_closing_takes_no_known_request() -> None:
    async def ask() -> None:
        client = Client()
        await client.send(HEAD + b"{}")
        client.protocol.shutdown()
        await client.send(HEAD + b"[]")
        assert client.direct.begun == [b"{}"]

    run(ask)
