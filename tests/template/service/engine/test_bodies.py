"""What bodies cost that are large, full of mistakes, or made to be expensive."""

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from credit.bundle.bundle import load_bundle
from credit.common.errors import CreditError
from service.engine import request_errors, requests
from service.engine.body_limits import require_few_values
from service.engine.request_types import build_request_parser
from service.engine.requests import RequestParser

Asked = list[dict[str, Any]]
LARGEST = 1_000
MEGABYTES = 1_900_000


@pytest.fixture(scope="module")
def parser(bundles: Callable[[str], Path]) -> RequestParser:
    return build_request_parser(load_bundle(bundles("logistic")), LARGEST)


def fill(pattern: bytes, size: int = MEGABYTES) -> bytes:
    return (pattern * (size // len(pattern)))[:-1]


def refuse(parse: Callable[[bytes], Any], body: bytes) -> CreditError:
    with pytest.raises(CreditError) as caught:
        parse(body)
    return caught.value


EXPENSIVE = {
    "numbers": b'{"applications":[' + fill(b"1,") + b"]}",
    "empty lists": b'{"applications":[' + fill(b"[],") + b"]}",
    "empty applications": b'{"applications":[' + fill(b"{},") + b"]}",
    "unknown fields": b'{"applications":[{"application":{'
    + b",".join(b'"x%d":1' % number for number in range(160_000))
    + b"}}]}",
    "a wide envelope": b"{" + b",".join(b'"x%d":1' % number for number in range(160_000)) + b"}",
    "quotes": b'"' * MEGABYTES,
    "escaped quotes": b'{"applications":["' + b'\\"' * (MEGABYTES // 2),
    "escapes and commas": b'["' + b"\\\\," * (MEGABYTES // 3),
    "commas": b"," * MEGABYTES,
    "a text of commas": b'{"applications":["' + b"," * MEGABYTES + b'"]}',
    "a long number": b'{"applications":[' + b"9" * 100_000 + b"]}",
    "brackets": b"[" * MEGABYTES,
}


@pytest.mark.parametrize("kind", EXPENSIVE)
def test_a_body_that_is_no_batch_takes_no_more_than_ten_times_its_size(parser: RequestParser, kind: str) -> None:
    """1.6 MB of unknown fields took 1.2 GB and 4.6 s."""
    body = EXPENSIVE[kind]
    tracemalloc.start()
    try:
        problems = refuse(parser.parse_batch, body).problems
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10 * len(body)
    assert len(problems) <= 101
    assert sum(len(f"{one.where}{one.found}{one.expected}") for one in problems) < 101 * 500


@pytest.mark.parametrize("size", [8_000, 200_000], ids=["read as it is checked", "read before it is checked"])
def test_one_application_however_large_takes_no_more_than_ten_times_its_size(
    parser: RequestParser, asked: Asked, size: int
) -> None:
    """Largest are those of which the bureau reports much; whatever it is, each value is checked once."""
    members = {f"bureau_{number}": 1.0 + number for number in range(3, size // 26)}
    body = json.dumps({**asked[0], "application": asked[0]["application"] | members}).encode()
    tracemalloc.start()
    try:
        parsed = parser.parse(body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(parsed.application) == len(asked[0]["application"]) + len(members)
    assert peak < 10 * len(body)


def test_a_batch_of_thousands_of_mistakes_is_not_looked_at_after_the_first_hundred(
    parser: RequestParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """3 KB of `[{}]` took 0.3 s: thirty errors for each of a thousand."""
    explained: list[Any] = []
    explain = requests.describe_error
    monkeypatch.setattr(requests, "describe_error", lambda *error: explained.append(1) or explain(*error))
    body = json.dumps({"applications": [{"application": {}}] * LARGEST}).encode()
    problems = refuse(parser.parse_batch, body).problems
    assert len(problems) == 101
    assert problems[-1].found == "more than 100 problems; the rest was not looked at"
    assert len(explained) < 100 + len(parser.expected)


NUMBERED = b",".join(b'"%%s_%08d":"x"' % number for number in range(9_000))
WIDE = {
    "members of a family": b'{"application":%s,' + NUMBERED.replace(b"%s", b"bureau") + b"}}",
    "unknown fields": b'{"application":%s,' + NUMBERED.replace(b"%s", b"unknown") + b"}}",
    "protected attributes": b'{"application":%s},"protected":{' + NUMBERED.replace(b"%s", b"unknown") + b"}}",
    "a wide request": b'{"application":%s},' + NUMBERED.replace(b"%s", b"unknown") + b"}",
    "a small request": b'{"application":%s},' + NUMBERED[:7_000].rpartition(b",")[0].replace(b"%s", b"unknown") + b"}",
    "nothing else": b'{"application":{' + NUMBERED.replace(b"%s", b"bureau") + b"}}",
}


@pytest.mark.parametrize("kind", WIDE)
def test_of_one_application_no_more_is_looked_at_than_the_first_hundred_problems(
    parser: RequestParser, asked: Asked, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """It is read on the loop: 200 KB of wrong members of a family kept everybody waiting for 34 ms."""
    made: list[Any] = []
    problem = requests.Problem
    for module in (requests, request_errors):
        monkeypatch.setattr(module, "Problem", lambda *said: made.append(1) or problem(*said))
    body = WIDE[kind].replace(b"%s", json.dumps(asked[0]["application"]).encode()[:-1])
    tracemalloc.start()
    try:
        problems = refuse(parser.parse, body).problems
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10 * len(body)
    assert len(made) <= 101
    assert len(problems) in (101, len(parser.expected)), "all that a request lacks, or the first hundred"
    assert len(problems) < 101 or problems[-1].found == "more than 100 problems; the rest was not looked at"


def test_an_application_and_a_batch_of_it_are_read_alike(parser: RequestParser, asked: Asked) -> None:
    """Single bodies are validated as they are parsed, batches after: the values and the problems are the same."""
    (name, other, *_) = asked[0]["application"]
    values = [None, True, 1, 1.0, 1.5, -1, 10**30, 1e300, "", "é", "x" * 300, [], {}, float("nan"), float("inf")]
    changes = [{name: value, other: value} for value in values] + [{"new": 1}, {name + "x": 1, "y": 2}]
    bodies = [{**asked[0], "application": asked[0]["application"] | change} for change in changes]
    bodies += [{**asked[0], "protected": value} for value in ({}, None, {"race": 1}, {"race": None}, {"x": 1}, [])]
    bodies += [{}, [], None, 1, {"application": None}, {**asked[0], "more": 1}, {**asked[0], "applicant": ""}]
    bodies += [{**asked[0], "application": asked[0]["application"] | {f"x{n}": 1 for n in range(60)}}, *asked[:20]]
    for body in bodies:
        told = []
        for parse, content in ((parser.parse, body), (parser.parse_batch, {"applications": [body]})):
            try:
                read = parse(json.dumps(content).encode())
                told.append(read if isinstance(read, list) else [read])
            except CreditError as error:
                places = [one.where.removeprefix("applications.0.") for one in error.problems]
                told.append([place if place != "applications.0" else "the body" for place in places])
        assert told[0] == told[1], body


def test_texts_with_commas_are_no_values() -> None:
    require_few_values(b'{"a": "' + b"," * 1_000 + b'", "b": "\\",\\",", "c": [1, 2]}', 3)
    with pytest.raises(CreditError, match="more than 2 values"):
        require_few_values(b'{"a": "' + b"," * 1_000 + b'", "b": "\\",\\",", "c": [1, 2]}', 2)


def test_a_full_batch_of_long_texts_is_taken(parser: RequestParser, asked: Asked) -> None:
    whole = json.dumps({"applications": [asked[n % len(asked)] for n in range(LARGEST)]}).encode()
    assert len(parser.parse_batch(whole)) == LARGEST


def test_names_and_values_that_somebody_made_up_are_shortened(parser: RequestParser, asked: Asked) -> None:
    long = "x" * 150_000
    one = {**asked[0], "application": asked[0]["application"] | {long: 1}}
    for parse, body in ((parser.parse, one), (parser.parse_batch, {"applications": [one]})):
        (problem,) = refuse(parse, json.dumps(body).encode()).problems
        assert len(problem.where) < 120
