"""Load by wrk: as many requests as the connections allow, of the same body."""

import re
import subprocess
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NamedTuple

from credit.common.errors import CreditError, Problem

_SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local file = io.open({body!r})
wrk.body = file:read("*a")
file:close()
"""
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class LoadResult(NamedTuple):
    """A server's results: requests a second, how many in all, and latencies in milliseconds."""

    per_second: float
    requests: int
    median: float
    p99: float


def run_wrk(url: str, body: Path, connections: int, seconds: int) -> LoadResult:
    """Send requests for some seconds. Raises CreditError when an answer is not one of success."""
    with NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT.format(body=str(body)))
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script.name, url]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise CreditError(Problem(url, " ".join(output.split())[-200:], "answers of success only"))
    return LoadResult(
        _parse_number(r"Requests/sec:\s+([\d.]+)", output),
        int(_parse_number(r"(\d+) requests in", output)),
        _parse_latency("50%", output),
        _parse_latency("99%", output),
    )


def _parse_number(pattern: str, output: str) -> float:
    found = re.search(pattern, output)
    if found is None:
        raise CreditError(Problem("wrk", output[-200:], "wrk's report"))
    return float(found[1])


def _parse_latency(which: str, output: str) -> float:
    found = re.search(rf"{which}\s+([\d.]+)(us|ms|s)", output)
    if found is None:
        raise CreditError(Problem("wrk", output[-200:], f"the latency at {which}"))
    return float(found[1]) * _MILLISECONDS[found[2]]
