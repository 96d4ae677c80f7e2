"""Headers of requests, as ASGI has them: by hand, for objects around them take longer than a look at each."""

from collections.abc import Iterable

Headers = Iterable[tuple[bytes, bytes]]


def find_header(headers: Headers, wanted: bytes) -> bytes | None:
    """Find the first header of a name in lower case; None: there is none."""
    for name, value in headers:
        if name == wanted:
            return value
    return None
