"""Know the head of a client's requests again: all of them, on one connection, nearly always differ in a length alone.

The parser tells each header of each request anew, which takes longer than all that is done with them.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from service.connections.whole_answer import Header

_MAX_BYTES = 2_048
"""Bytes of a head that is kept as long as its connection."""

_LENGTH = re.compile(rb"\r\ncontent-length: ?([0-9]{1,7})(?=\r\n)", re.IGNORECASE)
_UNUSUAL = frozenset({b"connection", b"expect", b"transfer-encoding", b"upgrade"})
"""Headers that say how to go on with the connection."""

_LENGTH_NAME, _MAX_DIGITS = b"content-length", 7


class KnownHead(NamedTuple):
    """A head that the parser took, before and behind the length of the body; and the scope that was made of it.

    `place`: of the length among the headers.
    """

    before: bytes
    behind: bytes
    scope: dict[str, Any]
    place: int

    def find_body(self, data: bytes) -> bytes | None:
        """Find the body of a request with this head; None: it is of another one, not whole, or has more behind it."""
        if not data.startswith(self.before):
            return None
        start = len(self.before)
        end = data.find(b"\r", start, start + _MAX_DIGITS + 1)
        body = end + len(self.behind)
        if end < 0 or not data[start:end].isdigit() or data[end:body] != self.behind:
            return None
        return data[body:] if int(data[start:end]) == len(data) - body else None

    def build_scope(self, length: int, state: dict[str, Any]) -> dict[str, Any]:
        """Build the scope of a request with this head, as the parser's would be."""
        headers: list[Header] = [*self.scope["headers"]]
        headers[self.place] = (_LENGTH_NAME, b"%d" % length)
        return {**self.scope, "headers": headers, "state": state}


def learn_head(data: bytes, scope: dict[str, Any], body: bytes) -> KnownHead | None:
    """Learn the head of a request that the parser took, if it is a usual one and all of `data` is this request."""
    head, _, rest = data.partition(b"\r\n\r\n")
    headers: Sequence[Header] = scope["headers"]
    names = [name for name, _ in headers]
    lengths = list(_LENGTH.finditer(head + b"\r\n"))
    is_usual = len(head) <= _MAX_BYTES and scope["http_version"] == "1.1" and _UNUSUAL.isdisjoint(names)
    if not is_usual or rest != body or len(lengths) != 1 or names.count(_LENGTH_NAME) != 1:
        return None
    (found,) = lengths
    place = names.index(_LENGTH_NAME)
    if headers[place][1] != found[1] or found[1] != b"%d" % len(body):
        return None
    return KnownHead(data[: found.start(1)], data[found.end(1) : len(head) + 4], dict(scope), place)
