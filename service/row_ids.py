"""The ids of rows of the log."""

import os
import time


def make_row_id() -> str:
    """Make a UUID of version 7 (RFC 9562) in hexadecimal: it sorts by time, so the log's index grows at its end."""
    moment, chance = time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10))
    low = chance & ((1 << 62) - 1)
    return f"{(moment << 80) | (7 << 76) | ((chance >> 68) << 64) | (2 << 62) | low:032x}"
