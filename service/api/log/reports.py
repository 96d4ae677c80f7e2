"""Parse what is reported of a decision: its outcome, or an analyst's review. Both are small, and read on the loop."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from credit.common.errors import CreditError
from service.engine.body_limits import require_few_values, require_unique_keys
from service.engine.request_errors import describe_error

REPORT_BYTES = 10_000
"""Bytes of a report. 2 MB of unknown fields kept everybody else waiting for 0.8 s and took eighty times their size."""

_MAX_VALUES = 20

T = TypeVar("T", bound=BaseModel)


def parse_report(kind: type[T], body: bytes) -> T:
    """Parse a report. Raises CreditError with every field that is wrong, or where there are far too many."""
    require_few_values(body, _MAX_VALUES)
    try:
        reported = kind.model_validate_json(body)
    except ValidationError as error:
        raise CreditError([describe_error(one) for one in error.errors(include_url=False)]) from None
    require_unique_keys(body, len(reported.model_fields_set))
    return reported
