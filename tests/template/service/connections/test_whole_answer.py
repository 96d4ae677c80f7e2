"""What a client gets is what uvicorn would send, whatever the answer is like."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import Mock

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from service.connections.whole_answer import WholeAnswer

JSON, LONG = (b"content-type", b"application/json"), (b"content-length", b"2")
Message = dict[str, Any]
Send = Callable[[Any], Awaitable[None]]


def make_cycle(method: str = "POST", keep_alive: bool = True, is_closing: bool = False) -> RequestResponseCycle:
    flow, transport = Mock(write_paused=False), Mock()
    transport.is_closing.return_value = is_closing
    return RequestResponseCycle(
        scope={"method": method},  # type: ignore[typeddict-item]
        transport=transport,
        flow=flow,
        logger=logging.getLogger("test"),
        access_logger=logging.getLogger("test"),
        access_log=False,
        default_headers=[(b"date", b"today")],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=keep_alive,
        on_response=Mock(),
    )


def start(*headers: tuple[bytes, bytes], status: int = 200) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(content: bytes = b"{}", more: bool = False) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


def send_all(send: Send, messages: list[Message]) -> str:
    """Send messages; return the error that ends it, empty when none does."""

    async def go() -> None:
        for message in messages:
            await send(message)

    try:
        asyncio.run(go())
    except RuntimeError as error:
        return str(error)
    return ""


def read_written(cycle: RequestResponseCycle) -> bytes:
    return b"".join(call.args[0] for call in cycle.transport.write.call_args_list)  # type: ignore[attr-defined]


def read_state(cycle: RequestResponseCycle) -> dict[str, Any]:
    return {
        "written": read_written(cycle),
        "closed": cycle.transport.close.called,  # type: ignore[attr-defined]
        "started": cycle.response_started,
        "complete": cycle.response_complete,
        "told": cycle.on_response.call_count,  # type: ignore[attr-defined]
        "event": cycle.message_event.is_set(),
    }


@pytest.mark.parametrize(
    ("messages", "cycle"),
    [
        ([start(JSON, LONG), body()], {}),
        ([start(JSON, LONG, status=422), body()], {}),
        ([start((b"X-Upper", b"V"), LONG), body()], {}),
        ([start(JSON, (b"content-length", b"0")), body(b"")], {}),
        ([start(JSON, LONG), body(b"{", more=True), body(b"}")], {}),
        ([start(JSON), body()], {}),
        ([start(JSON, (b"transfer-encoding", b"chunked")), body()], {}),
        ([start(JSON, LONG, (b"connection", b"close")), body()], {}),
        ([start(JSON, LONG), body()], {"keep_alive": False}),
        ([start(JSON, LONG), body()], {"method": "HEAD"}),
        ([start(status=204), body(b"")], {}),
        ([start(JSON, LONG), body(b"too long")], {}),
        ([start(JSON, LONG), body(b"-")], {}),
        ([start((b"a\r\nb", b"c"), LONG), body()], {}),
        ([start((b"a", b"c\r\nd: e"), LONG), body()], {}),
        ([body()], {}),
        ([start(JSON, LONG), body(), body()], {}),
    ],
)
def test_a_client_gets_what_uvicorn_would_send(messages: list[Message], cycle: dict[str, Any]) -> None:
    plain, ours = make_cycle(**cycle), make_cycle(**cycle)
    failed = send_all(plain.send, messages)
    assert send_all(WholeAnswer(ours).send, messages) == failed
    if not failed:
        assert read_state(ours) == read_state(plain)
        assert read_state(ours)["written"]


def test_whoever_fails_before_the_body_is_answered_by_the_failure_alone() -> None:
    async def fail(_: Any, __: Any, send: Send) -> None:
        await send(start(JSON, LONG))
        raise ValueError("test")

    cycle = make_cycle()
    cycle.send = WholeAnswer(cycle).send  # type: ignore[method-assign]
    asyncio.run(cycle.run_asgi(fail))  # type: ignore[arg-type]
    written = read_written(cycle)
    assert written.startswith(b"HTTP/1.1 500 ")
    assert written.count(b"HTTP/1.1") == 1


def test_nothing_is_sent_to_a_connection_that_was_given_up_and_nothing_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def answer(_: Any, __: Any, send: Send) -> None:
        await send(start(JSON, LONG))
        await send(body())

    cycle = make_cycle(is_closing=True)
    cycle.send = WholeAnswer(cycle).send  # type: ignore[method-assign]
    asyncio.run(cycle.run_asgi(answer))  # type: ignore[arg-type]
    assert read_written(cycle) == b""
    assert caplog.records == []


@pytest.mark.parametrize("messages", [[start(JSON, LONG), body()], [start(JSON), body(more=True), body()]])
def test_nothing_is_sent_to_a_client_that_was_given_up_for_not_reading(messages: list[Message]) -> None:
    cycle = make_cycle()

    async def give_up() -> None:
        cycle.transport.is_closing.return_value = True  # type: ignore[attr-defined]

    cycle.flow.write_paused = True
    cycle.flow.drain = give_up  # type: ignore[method-assign]
    assert send_all(WholeAnswer(cycle).send, messages) == ""
    assert read_written(cycle) == b""
