"""Ask the services that answer applicants: which ledger entry they decide by, and whatever else they tell as JSON."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from credit.common.errors import CreditError, Problem
from credit.common.urls import is_http_address
from credit.registry.ledger import LedgerEntry

if TYPE_CHECKING:
    from requests import PreparedRequest

VERSION_PATH = "/v1/version"
KEY_VARIABLE = "RELEASE_SERVICE_KEY"
"""The variable with the key that a service may ask for. Its value is sent to the service, and shown nowhere."""

_BATCH_PATH, _DECIDE_SECONDS = "/v1/decisions/batch", 60.0
_POLL_SECONDS = 0.2
_PIECE_BYTES, _MAX_BYTES = 1024, 65_536  # of an answer; what comes after them is not read
_ANSWER_ERRORS = (OSError, ValueError, KeyError, TypeError, RecursionError)


class NoAnswerError(Exception):
    """Raised when a service gives no answer that can be read; says why, without what a secret could be in."""


class _Reply(NamedTuple):
    """A service's answer: the entry that it decides by, if it names one, its version, and all of it in words."""

    number: int | None
    version: str | None
    words: str


def read_addresses() -> list[str]:
    """Read the services from RELEASE_SERVICE_URL, one or several with commas between; none when it is not set.

    Raises CreditError when one is no address, or the key that goes with them cannot be sent.
    """
    urls = [url.strip().rstrip("/") for url in os.environ.get("RELEASE_SERVICE_URL", "").split(",") if url.strip()]
    for url in urls:
        if not is_http_address(url):
            found = "a name or a secret in the address" if "@" in url else repr(url[:80])
            raise CreditError(Problem("RELEASE_SERVICE_URL", found, "an address such as http://127.0.0.1:8000"))
    if urls and not _read_key().isprintable():
        raise CreditError(
            Problem(KEY_VARIABLE, "a line break or another unusable character", "the key alone", "set it again")
        )
    return urls


def wait_for_entry(entry: LedgerEntry, urls: list[str], seconds: float) -> list[str]:
    """Wait until every service decides by an entry of the ledger; returns what late ones say after `seconds`."""
    deadline = time.monotonic() + seconds
    limit = min(2.0, max(seconds, _POLL_SECONDS))  # a socket with a time-out of 0 cannot even connect
    late = urls
    while late:
        answers = {url: _ask_version(url, limit) for url in late}
        late = [url for url, answer in answers.items() if not _has_followed(answer, entry)]
        if late and time.monotonic() >= deadline:
            return [f"{url}: {answers[url].words}" for url in late]
        time.sleep(_POLL_SECONDS if late else 0)
    return []


def wait_while_older(entry: LedgerEntry, url: str, seconds: float) -> str:
    """Wait while a service tells of an older entry; returns which after `seconds`, nothing otherwise."""
    deadline = time.monotonic() + seconds
    while (answer := _ask_version(url, 2.0)).number is not None and answer.number < entry.number:
        if time.monotonic() >= deadline:
            return f"{answer.version}, entry {answer.number}"[:200]
        time.sleep(_POLL_SECONDS)
    return ""


def _read_key() -> str:
    return os.environ.get(KEY_VARIABLE, "")


def _has_followed(answer: _Reply, entry: LedgerEntry) -> bool:
    """Tell whether a service decides by an entry, or by a later one. Another version is another ledger's."""
    if answer.number is None or answer.number < entry.number:
        return False
    return answer.number > entry.number or answer.version in {None, entry.version}


def _ask_version(url: str, limit: float) -> _Reply:
    try:
        content = fetch_json(url + VERSION_PATH, limit)
        number, version = int(content["entry"]), content.get("version")
    except (NoAnswerError, *_ANSWER_ERRORS) as error:
        return _Reply(None, None, f"no answer that names an entry {describe_failure(error)}"[:200])
    reported = None if version is None else str(version)
    return _Reply(number, reported, f"it reports {version}, entry {number}"[:200])


def fetch_json(address: str, seconds: float, most_bytes: int = _MAX_BYTES) -> Any:
    """Fetch an answer in JSON, as `fetch_bytes` does."""
    content = fetch_bytes(address, seconds, most_bytes)
    try:
        return json.loads(content)
    except _ANSWER_ERRORS as error:
        raise NoAnswerError(describe_failure(error)) from None


def fetch_bytes(address: str, seconds: float, most_bytes: int = _MAX_BYTES) -> bytes:
    """Fetch an answer. Raises NoAnswerError when there is none.

    `seconds` may pass without a byte, and between the first piece of a thousand bytes and the last.
    A redirect is no answer: followed, it would take the key elsewhere.
    """
    import requests  # 70 ms, which commands that ask no service need not wait for

    deadline = time.monotonic() + seconds
    try:
        with requests.get(address, auth=_add_key, timeout=seconds, allow_redirects=False, stream=True) as answer:
            if not 200 <= answer.status_code < 300:
                fix = f"; is {KEY_VARIABLE} right?" if answer.status_code in {401, 403} else ""
                raise NoAnswerError(f"(HTTP {answer.status_code} {answer.reason}){fix}")
            content = bytearray()
            for piece in islice(answer.iter_content(_PIECE_BYTES), most_bytes // _PIECE_BYTES):
                content += piece
                if time.monotonic() > deadline:
                    raise NoAnswerError(f"(not whole after {seconds:g} s)")
            return bytes(content)
    except _ANSWER_ERRORS as error:
        raise NoAnswerError(describe_failure(error)) from None


def ask_decisions(url: str, applications: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Ask a service to decide applications. Raises NoAnswerError, with its problems, when it does not."""
    import requests

    body = {"applications": applications}
    try:
        with requests.post(
            f"{url}{_BATCH_PATH}", json=body, auth=_add_key, timeout=_DECIDE_SECONDS, allow_redirects=False
        ) as answer:
            if answer.status_code != 200:
                raise NoAnswerError(
                    f"(HTTP {answer.status_code} {answer.reason}): {' '.join(answer.text.split())[:400]}"
                )
            return list(answer.json()["decisions"])
    except _ANSWER_ERRORS as error:
        raise NoAnswerError(describe_failure(error)) from None


def describe_failure(error: Exception) -> str:
    """Describe in brackets and one line why there is no answer."""
    if isinstance(error, NoAnswerError):
        return str(error)
    return f"({' '.join(str(_find_root_cause(error)).split()) or type(error).__name__})"


def _add_key(request: "PreparedRequest") -> "PreparedRequest":
    """Send the key, if there is one. As `auth` because requests would put a password of ~/.netrc over a header."""
    if key := _read_key():
        request.headers["Authorization"] = f"Bearer {key}"
    return request


def _find_root_cause(error: BaseException) -> BaseException:
    """Unwrap the cause, such as `Connection refused`, from the exceptions of requests and urllib3 around it."""
    while error.__context__ is not None:
        error = error.__context__
    return error
