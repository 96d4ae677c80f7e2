"""The fingerprint of a request: equal requests have the same, and no two others."""

from collections.abc import Sequence
from typing import Any, Literal

from hypothesis import given
from hypothesis import strategies as st

from service.deciding.decision_records import RecordOrigin, fingerprint_request
from service.engine.requests import ApplicationRequest

VALUES = st.dictionaries(
    st.sampled_from("abc"), st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2), max_size=3
)
REQUESTS = st.tuples(
    st.sampled_from(["one", "batch"]),
    st.lists(st.builds(ApplicationRequest, VALUES, VALUES, st.none() | st.sampled_from("xy")), min_size=1, max_size=2),
)

Request = tuple[Literal["one", "batch"], Sequence[ApplicationRequest]]


@given(REQUESTS, REQUESTS)
def test_two_requests_have_one_fingerprint_when_they_are_the_same(first: Request, second: Request) -> None:
    def identify(request: Request) -> Any:
        """Identify a request by its values and their types: True is not 1."""
        return request[0], [
            (list_typed(one.application), list_typed(one.protected), one.applicant) for one in request[1]
        ]

    def list_typed(values: dict[str, Any]) -> list[tuple[str, str, Any]]:
        return sorted((name, type(value).__name__, str(value)) for name, value in values.items())

    assert (fingerprint_request(*first) == fingerprint_request(*second)) == (identify(first) == identify(second))


def test_the_order_of_fields_and_a_point_in_a_whole_number_make_no_difference() -> None:
    one = [ApplicationRequest({"a": 700, "b": 0.5}, {"race": "white"})]
    other = [ApplicationRequest({"b": 0.5, "a": 700.0}, {"race": "white"})]
    assert fingerprint_request("one", one) == fingerprint_request("one", other)


def test_a_key_is_of_its_caller_its_place_and_its_environment() -> None:
    origins = [RecordOrigin(who, where, "k", None) for who in ("a", "b") for where in ("prod", "staging")]
    hashes = {origin.hash_key(place) for origin in origins for place in (0, 1)}
    assert len(hashes) == 8
    assert RecordOrigin("a", "prod", None, None).hash_key(0) is None
