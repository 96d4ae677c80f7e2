"""Tell by Arrow which values keep an expectation for sure, so that only the others are judged one by one.

Great Expectations calls a Python function for each number, seconds for a million of them; Arrow compares a whole
column in milliseconds. Arrow only ever clears a value: what it is not sure of, and any expectation that it does not
know, is left to Great Expectations.
"""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

_INT64 = np.iinfo(np.int64)


def find_suspects(values: pa.Array, expectation: "Expectation") -> NDArray[np.bool_]:
    """Find the values that may break the expectation; shape (n,). Every value that does break it is among them."""
    kind = type(expectation).__name__
    try:
        if kind == "ExpectColumnValuesToNotBeNull":
            suspects = pc.is_null(values, nan_is_null=True)
        elif kind == "ExpectColumnValuesToBeInSet":
            suspects = pc.and_(_is_known(values), pc.invert(_is_in(values, expectation)))
        elif kind == "ExpectColumnValuesToNotBeInSet":
            suspects = _is_in(values, expectation)
        elif kind == "ExpectColumnValuesToBeBetween":
            within = _is_within(values, expectation)
            suspects = pc.and_(_is_known(values), pc.invert(pc.fill_null(within, False)))
        else:
            return np.ones(len(values), np.bool_)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):  # values of another type than the rule's
        return np.ones(len(values), np.bool_)
    return np.asarray(suspects.to_numpy(zero_copy_only=False), np.bool_)


def _is_known(values: pa.Array) -> pa.Array:
    """Tell which values are there: to pandas, and so to Great Expectations, NaN is a missing value."""
    return pc.invert(pc.is_null(values, nan_is_null=True))


def _is_in(values: pa.Array, expectation: Any) -> pa.Array:
    listed = pa.array(expectation.value_set, values.type)
    if pa.types.is_floating(values.type):  # -0.0 is 0.0 to all but Arrow, and their sum is 0.0
        values, listed = pc.add(values, 0.0), pc.add(listed, 0.0)
    return pc.is_in(values, value_set=listed)


def _is_within(values: pa.Array, expectation: Any) -> pa.Array:
    lowest, highest = expectation.min_value, expectation.max_value
    if pa.types.is_integer(values.type):  # as whole numbers: as floats, those beyond 2 ** 53 would be rounded
        lowest, highest = math.ceil(max(lowest, int(_INT64.min))), math.floor(min(highest, int(_INT64.max)))
    at_least, at_most = (pa.scalar(limit, values.type) for limit in (lowest, highest))
    return pc.and_(pc.greater_equal(values, at_least), pc.less_equal(values, at_most))
