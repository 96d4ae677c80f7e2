"""Outcomes and reviews that are made to be expensive; the loop reads them, so everybody would wait."""

import tracemalloc
from typing import Any

import pytest
from pydantic import BaseModel

from credit.common.errors import CreditError
from service.api.log.outcomes import OutcomeReport
from service.api.log.reports import REPORT_BYTES, parse_report
from service.api.log.reviews import ReviewReport
from testing.services import Service


def fill(pattern: bytes) -> bytes:
    return (pattern * (REPORT_BYTES // len(pattern) - 5))[:-1]


EXPENSIVE = {
    "unknown fields": b"{" + b",".join(b'"x%d":1' % number for number in range(1_000)) + b"}",
    "one field again and again": b"{" + fill(b'"reason":"a",') + b"}",
    "empty lists": b'{"decision_id":[' + fill(b"[],") + b"]}",
    "objects": b'{"outcome":[' + fill(b"{},") + b"]}",
    "brackets": b"[" * REPORT_BYTES,
    "quotes": b'"' * REPORT_BYTES,
    "a long number": b'{"outcome":' + b"9" * (REPORT_BYTES - 20) + b"}",
}


@pytest.mark.parametrize("kind", [OutcomeReport, ReviewReport])
@pytest.mark.parametrize("body", EXPENSIVE.values(), ids=EXPENSIVE)
def test_a_report_that_is_none_costs_little_and_is_refused_in_few_words(kind: type[BaseModel], body: bytes) -> None:
    """2 MB of unknown fields in an outcome took 0.8 s of the loop, eighty times their size, and 160,002 problems."""
    tracemalloc.start()
    try:
        with pytest.raises(CreditError) as caught:
            parse_report(kind, body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10 * REPORT_BYTES
    assert len(caught.value.problems) <= 25


def test_a_reason_may_have_any_number_of_commas_and_colons() -> None:
    reason = "a, b: c, " * 200
    body = b'{"decision":"deny","reviewer":"analyst-7","reason":"' + reason.encode() + b'"}'
    assert parse_report(ReviewReport, body).reason == reason


def test_a_report_that_is_larger_than_any_is_not_read(service_of_many: Service, asked: list[dict[str, Any]]) -> None:
    identifier = service_of_many.decide(asked[0]).json()["id"]
    for path in ("/v1/outcomes", f"/v1/decisions/{identifier}/review"):
        assert service_of_many.decide(b" " * (REPORT_BYTES + 1), path).status_code == 413
