"""Clients without a key that send headers for ever, never finish a request, or open very many connections."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from testing.parts.servers import wait_until
from testing.parts.slow_clients import SlowClients
from testing.parts.sockets import connect, read_to_end
from testing.services import Service, run_service

Asked = list[dict[str, Any]]
HEAD = b"POST /v1/decisions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory, service_of_many: Service) -> Iterator[Service]:
    """A service of the same store that waits for nobody for long."""
    settings = {"SERVICE_HEADER_SECONDS": "2", "SERVICE_BODY_SECONDS": "2", "SERVICE_MAX_ADDRESS_CONNECTIONS": "60"}
    with run_service(service_of_many.store, tmp_path_factory.mktemp("impatient"), **settings) as running:
        yield running.wait()


def count_closed(service: Service, why: str) -> float:
    lines = service.get("/metrics").text.splitlines()
    found = [line for line in lines if line.startswith(f'service_refused_connections_total{{why="{why}"}}')]
    return float(found[0].rsplit(" ", 1)[1]) if found else 0.0


@pytest.mark.parametrize("pattern", [b"a" * 1_000, b"a: b\r\n" * 160], ids=["one without an end", "very many"])
def test_headers_without_end_are_cut_off_after_some_kilobytes(impatient: Service, pattern: bytes) -> None:
    """A hundred megabytes of them took 17 s of the processor."""
    sent = 0
    with connect(impatient.url) as (client,):
        client.sendall(HEAD)
        try:
            while sent < 20_000_000:
                client.sendall(pattern)
                sent += len(pattern)
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert sent < 20_000_000
    assert count_closed(impatient, "header_bytes") >= 1


CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("start", "pattern"),
    [
        (CHUNKED + b"2\r\n{}\r\n0\r\n", b"x: " + b"a" * 1_000 + b"\r\n"),
        (CHUNKED + b"2\r\n{}\r\n0\r\nx: ", b"a" * 1_000),
        (CHUNKED + b"2;", b"a" * 1_000),
        (CHUNKED, b"0" * 1_000),
    ],
    ids=["trailers", "one trailer", "an extension of a chunk", "the size of a chunk"],
)
def test_what_a_body_is_wrapped_in_is_cut_off_as_a_body_is(impatient: Service, start: bytes, pattern: bytes) -> None:
    """Trailers behind a body of two bytes were kept in memory for as long as a body may take, however many came."""
    sent = 0
    with connect(impatient.url) as (client,):
        client.sendall(start)
        try:
            while sent < 100_000_000:
                client.sendall(pattern)
                sent += len(pattern)
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert sent < 100_000_000
    assert count_closed(impatient, "body_bytes") + count_closed(impatient, "body_time") >= 1


def test_a_body_in_chunks_is_taken_whatever_their_size(impatient: Service, asked: Asked) -> None:
    body = json.dumps(asked[0]).encode()
    for size in (1, 7, len(body)):
        parts = [body[place : place + size] for place in range(0, len(body), size)]
        chunks = b"".join(b"%x;name=value\r\n%s\r\n" % (len(part), part) for part in parts)
        with connect(impatient.url) as (client,):
            client.sendall(CHUNKED.replace(b"host:", b"connection: close\r\nhost:") + chunks + b"0\r\nx: y\r\n\r\n")
            assert read_to_end(client).startswith(b"HTTP/1.1 200 ")


def test_headers_that_are_too_large_are_answered_so(impatient: Service) -> None:
    with connect(impatient.url) as (client,):
        client.sendall(HEAD + b"x: " + b"a" * 40_000)
        assert read_to_end(client).startswith(b"HTTP/1.1 431 ")
    with connect(impatient.url) as (client,):
        client.sendall(HEAD + b"x: " + b"a" * 20_000 + b"\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        assert read_to_end(client).startswith(b"HTTP/1.1 422 ")


@pytest.mark.parametrize(
    ("start", "why", "answer"),
    [
        (b"", "headers_time", b""),
        (HEAD, "headers_time", b"HTTP/1.1 408 "),
        (HEAD + b'content-length: 99\r\n\r\n{"appl', "body_time", b"HTTP/1.1 408 "),
    ],
    ids=["nothing", "half of the headers", "half of the body"],
)
def test_a_request_that_is_never_finished_is_given_up(
    impatient: Service, start: bytes, why: str, answer: bytes
) -> None:
    """Also one of which a byte comes now and then: the time is that of the whole."""
    before = count_closed(impatient, why)
    with connect(impatient.url, 2) as (silent, slow):
        for client in (silent, slow):
            client.sendall(start)
        try:
            while start:
                slow.sendall(b"a")
                time.sleep(0.05)
        except (BrokenPipeError, ConnectionResetError):
            pass
        else:
            assert read_to_end(slow) == b"", "both are ended by the service, and not one by this test"
        assert read_to_end(silent).startswith(answer)
    wait_until(lambda: count_closed(impatient, why) >= before + 2, "both connections' end")


def test_a_second_request_on_a_connection_has_its_own_time(impatient: Service, asked: Asked) -> None:
    with connect(impatient.url) as (client,):
        for _ in range(2):
            client.sendall(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n")
            content = b""
            while b'"ok"' not in content:
                content += client.recv(65_536)
            assert content.startswith(b"HTTP/1.1 200 ")
            time.sleep(2.2)
        client.sendall(b"GET /health/live HTTP/1.1\r\nhost: localhost")
        assert read_to_end(client).startswith(b"HTTP/1.1 408 ")
    assert impatient.decide(asked[0]).status_code == 200


def test_a_client_that_reads_no_answer_is_given_up(impatient: Service) -> None:
    before = count_closed(impatient, "unread") + count_closed(impatient, "pipelined")
    with connect(impatient.url) as (client,):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.settimeout(0.2)
        try:
            for _ in range(5_000):
                client.sendall(b"GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nhost: localhost\r\n\r\n")
        except (TimeoutError, BrokenPipeError, ConnectionResetError):
            pass
        wait_until(lambda: count_closed(impatient, "unread") + count_closed(impatient, "pipelined") > before, "its end")


def test_of_one_address_the_oldest_that_ask_nothing_give_way(
    service_of_many: Service, tmp_path: Path, asked: Asked
) -> None:
    """And nobody who waits for an answer does."""
    limits = {"SERVICE_MAX_ADDRESS_CONNECTIONS": "20"}
    with run_service(service_of_many.store, tmp_path / "state", **limits) as service:
        service.wait()
        with connect(service.url, 50) as clients:
            assert service.decide(asked[0]).status_code == 200
            assert read_to_end(clients[0]) == b""
            clients[-1].sendall(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert clients[-1].recv(65_536).startswith(b"HTTP/1.1 200 ")
        assert count_closed(service, "address") >= 31


def test_more_idle_connections_than_files_may_be_open_keep_nobody_out(
    service_of_many: Service, tmp_path: Path, asked: Asked
) -> None:
    """400 of them at `ulimit -n 256` made the service unreachable."""
    with run_service(service_of_many.store, tmp_path / "state", files=256) as service:
        service.wait()
        with connect(service.url, 400):
            for one in asked[:20]:
                assert service.decide(one).status_code == 200


def test_requests_that_never_end_hold_no_more_than_there_is_room_for_and_keep_nobody_out(
    service_of_many: Service, tmp_path: Path, asked: Asked
) -> None:
    """Each sends a byte now and then, and begins anew when it is cut: in time, or as the oldest where all is full."""
    limits = {"SERVICE_HEADER_SECONDS": "2", "SERVICE_BODY_SECONDS": "2"}
    starts = [HEAD + b"x: ", HEAD + b'content-length: 9999\r\n\r\n{"']
    with run_service(service_of_many.store, tmp_path / "state", files=256, **limits) as service:
        before = count_sockets(service.wait())
        with SlowClients(int(service.url.rpartition(":")[2])).run_clients(starts * 100) as slow:
            wait_until(lambda: count_closed(service, "connections") > 0, "a full service")
            most, answers = 0, 0
            while len(slow.cut) < 2 * len(starts) * 100:
                most = max(most, count_sockets(service) - before)
                assert service.decide(asked[answers % 20]).status_code == 200
                answers += 1
        assert answers > 0
        room = 256 - 96  # the rest is for the log, the store and versions; some that gave way are closed in a moment
        assert room / 2 < most < room + 20
        assert {one.answer[:13] for one in slow.cut} <= {b"HTTP/1.1 408 ", b""}, "told that it took too long, or gone"
        assert count_closed(service, "headers_time") > 0
        assert count_closed(service, "body_time") > 0
        closed = sum(count_closed(service, why) for why in ("headers_time", "body_time", "connections"))
        assert closed >= len(slow.cut)
        wait_until(lambda: count_sockets(service) <= before, "the end of the last of them")


def count_sockets(service: Service) -> int:
    """Count the sockets that its process has open."""
    found = 0
    for file in Path(f"/proc/{service.process.pid}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            found += str(file.readlink()).startswith("socket:")
    return found


def test_a_caller_has_so_many_requests_at_a_time_and_no_more(
    service_of_many: Service, tmp_path: Path, asked: Asked
) -> None:
    """A request whose body has not come yet is one of them; health is asked all the same."""
    with run_service(service_of_many.store, tmp_path / "state", SERVICE_MAX_CALLER_REQUESTS="5") as service:
        service.wait()
        with connect(service.url, 5) as clients:
            for client in clients:
                client.sendall(HEAD + b"content-length: 99\r\n\r\n{")
            wait_until(lambda: service.decide(asked[0]).status_code == 429, "the limit")
            assert service.read_health()["status"] == "ok"
        wait_until(lambda: service.decide(asked[0]).status_code == 200, "room")
