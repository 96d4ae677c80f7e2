"""A request in one piece, which is decided directly, is answered as one in two pieces is by the application."""

import json
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from credit.registry.store import Store
from service.commands.keys.make import make_key
from testing.parts.servers import wait_until
from testing.parts.sockets import connect, read_to_end
from testing.services import Service, run_service

Asked = list[dict[str, Any]]
VARIES = re.compile(rb'(?<="id":")[0-9a-f]{32}|(?<="decided_at":")[^"]+|(?<=\r\ndate: )[^\r]+|(?<=content-length: )\d+')
"""What differs between two answers to the same."""


@pytest.fixture
def guarded(released: Store, tmp_path: Path) -> Iterator[tuple[Service, dict[str, str]]]:
    """A service with keys: one for decisions, and one that is good for nothing but figures."""
    file = tmp_path / "keys.json"
    keys = {role: make_key(file, role, (role,)) for role in ("decide", "watch")}  # type: ignore[arg-type]
    with run_service(released.url, tmp_path / "state", SERVICE_KEYS_FILE=str(file)) as running:
        yield running.wait(), keys


def send(service: Service, pieces: Sequence[bytes], pause: float = 0.1) -> bytes:
    """Send pieces on a connection of their own; return the answer, but for what differs each time."""
    with connect(service.url) as (client,):
        for piece in pieces:
            client.sendall(piece)
            time.sleep(pause)
        return VARIES.sub(b"_", read_to_end(client))


def ask_both_ways(service: Service, body: bytes, *headers: str, path: str = "/v1/decisions") -> tuple[bytes, bytes]:
    """Ask in one piece and with the head by itself, on connections that stay open for a refused request behind it."""
    given = "".join(f"{header}\r\n" for header in headers)
    if not any(header.startswith("content-type") for header in headers):
        given += "content-type: application/json\r\n"
    if not any(header.startswith("host") for header in headers):
        given += "host: localhost\r\n"
    head = f"POST {path} HTTP/1.1\r\n{given}content-length: {len(body)}\r\n\r\n".encode()
    end = b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    return send(service, [head + body, end], 0.3), send(service, [head, body, end], 0.3)


def read_counts(service: Service) -> dict[str, str]:
    """Read what is counted of requests and decisions."""
    lines = service.get("/metrics").text.splitlines()
    counted = [line for line in lines if re.match(r"service_(decisions|refused|repeated|group|rule).*_total", line)]
    return dict(line.rsplit(" ", 1) for line in counted)


@pytest.mark.parametrize(
    ("change", "headers", "status"),
    [
        ({}, [], 200),
        ({}, ["accept-language: es"], 200),
        ({}, ["host: 127.0.0.1:9"], 200),
        ({"applicant": "Eve"}, [], 422),
        ({"application": {}}, [], 422),
        ({"unknown": 1}, [], 422),
        ({}, ["content-type: text/plain"], 415),
        ({}, ["content-type: application/json; charset=utf-8"], 200),
        ({}, ["idempotency-key: a b"], 422),
        ({}, ["host: evil.example"], 421),
    ],
)
def test_an_answer_is_the_same_in_one_piece_and_in_two(
    service_of_many: Service, asked: Asked, change: dict[str, Any], headers: list[str], status: int
) -> None:
    direct, usual = ask_both_ways(service_of_many, json.dumps(asked[0] | change).encode(), *headers)
    assert direct == usual
    assert direct.startswith(b"HTTP/1.1 %d " % status)
    assert direct.count(b"HTTP/1.1 ") == 2


def test_a_refusal_is_counted_once_either_way(service_of_many: Service, asked: Asked) -> None:
    body = json.dumps(asked[0] | {"unknown": 1}).encode()
    before = read_counts(service_of_many)
    ask_both_ways(service_of_many, body)
    after = read_counts(service_of_many)
    name = 'service_refused_requests_total{status="422"}'
    assert float(after[name]) == float(before.get(name, "0")) + 2
    assert {key for key in after if after[key] != before.get(key)} <= {name, *(k for k in after if "fields" in k)}


def test_what_is_no_json_or_too_large_is_refused_the_same_way(service_of_many: Service) -> None:
    for body, status in ((b'{"a":', 422), (b"\xff", 422), (b" " * 200_001, 413), (b"", 422)):
        direct, usual = ask_both_ways(service_of_many, body)
        assert direct.partition(b"\r\n\r\n")[0] == usual.partition(b"\r\n\r\n")[0]
        assert direct.startswith(b"HTTP/1.1 %d " % status), body[:9]


def test_an_idempotency_key_holds_for_both_ways(service_of_many: Service, asked: Asked) -> None:
    first, other = (json.dumps(one).encode() for one in asked[:2])
    before = read_counts(service_of_many).get("service_repeated_decisions_total", "0")
    answers = [
        service_of_many.decide(first, idempotency_key="both-ways").json(),
        json.loads(_ask_in_two(service_of_many, first, "both-ways")),
        service_of_many.decide(first, idempotency_key="both-ways").json(),
    ]
    assert answers[0]["decided_by"] == "model"
    assert answers[0] == answers[1] == answers[2]
    assert float(read_counts(service_of_many)["service_repeated_decisions_total"]) == float(before) + 2
    direct, usual = ask_both_ways(service_of_many, other, "idempotency-key: both-ways")
    assert direct == usual
    assert direct.startswith(b"HTTP/1.1 409 ")


def _ask_in_two(service: Service, body: bytes, key: str) -> bytes:
    head = b"POST /v1/decisions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n"
    with connect(service.url) as (client,):
        client.sendall(head + b"idempotency-key: %s\r\ncontent-length: %d\r\n\r\n" % (key.encode(), len(body)))
        time.sleep(0.1)
        client.sendall(body)
        return read_to_end(client).partition(b"\r\n\r\n")[2]


def test_keys_are_asked_for_either_way(guarded: tuple[Service, dict[str, str]], asked: Asked) -> None:
    service, keys = guarded
    body = json.dumps(asked[0]).encode()
    for headers, status in (
        ([], 401),
        (["authorization: Bearer none"], 401),
        ([f"authorization: Bearer {keys['watch']}"], 403),
        ([f"authorization: Bearer {keys['decide']}"], 200),
    ):
        direct, usual = ask_both_ways(service, body, *headers)
        assert direct.startswith(b"HTTP/1.1 %d " % status)
        assert direct.partition(b"\r\n\r\n")[0] == usual.partition(b"\r\n\r\n")[0]
    service.stop()


def test_who_asks_is_in_the_log_and_the_limit_of_a_caller_counts_both_ways(
    service_of_many: Service, tmp_path: Path, asked: Asked
) -> None:
    """Four places are taken by requests that are not whole; the fifth is free again after each answer."""
    head = b"POST /v1/decisions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    settings = {"SERVICE_MAX_CALLER_REQUESTS": "5"}
    with run_service(service_of_many.store, tmp_path / "state", **settings) as service:
        service.wait()
        with connect(service.url, 4) as clients:
            for client in clients:
                client.sendall(head + b"content-length: 99\r\n\r\n{")
            time.sleep(0.3)
            for _ in range(7):
                assert service.decide(asked[0]).status_code == 200
                assert service.decide({}).status_code == 422
            with connect(service.url) as (client,):
                client.sendall(head + b"content-length: 99\r\n\r\n{")
                wait_until(lambda: service.decide(asked[0]).status_code == 429, "the limit")


def test_behind_a_proxy_a_caller_without_a_key_is_the_address_that_it_names(
    service_of_many: Service, tmp_path: Path, asked: Asked
) -> None:
    """Else all clients of the proxy would share the limit of one."""
    settings = {"SERVICE_MAX_CALLER_REQUESTS": "1", "SERVICE_TRUSTED_PROXIES": "127.0.0.1"}
    head = b"POST /v1/decisions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    with run_service(service_of_many.store, tmp_path / "state", **settings) as service:
        service.wait()
        with connect(service.url) as (client,):
            client.sendall(head + b"x-forwarded-for: 10.0.0.1\r\ncontent-length: 99\r\n\r\n{")
            one = {"x_forwarded_for": "10.0.0.1"}
            wait_until(lambda: service.decide(asked[0], **one).status_code == 429, "the limit")
            assert service.decide(asked[0], x_forwarded_for="10.0.0.2").status_code == 200
