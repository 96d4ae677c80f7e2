"""Whether the services that answer applicants have followed the ledger."""

import json
import os
import time
from urllib.error import URLError
from urllib.request import urlopen

from credit.errors import CreditError, Problem
from credit.registry.ledger import Entry

PATH = "/v1/version"
_EVERY = 0.2


def addresses() -> list[str]:
    """The services that RELEASE_SERVICE_URL names, one or several with commas between; none when it is not set."""
    urls = [url.strip().rstrip("/") for url in os.environ.get("RELEASE_SERVICE_URL", "").split(",") if url.strip()]
    for url in urls:
        if not url.startswith(("http://", "https://")):
            raise CreditError(
                Problem("RELEASE_SERVICE_URL", repr(url[:80]), "an address such as http://127.0.0.1:8000")
            )
    return urls


def wait_for(entry: Entry, urls: list[str], seconds: float) -> list[str]:
    """Wait until every service decides by an entry of the ledger; what those say that do not after `seconds`."""
    deadline = time.monotonic() + seconds
    late = urls
    while late:
        said = {url: _said(url, min(2.0, seconds)) for url in late}
        late = [url for url, (number, _) in said.items() if number is None or number < entry.number]
        if late and time.monotonic() >= deadline:
            return [f"{url}: {said[url][1]}" for url in late]
        time.sleep(_EVERY if late else 0)
    return []


def _said(url: str, limit: float) -> tuple[int | None, str]:
    """The ledger entry that a service decides by, and what it says in words."""
    try:
        with urlopen(url + PATH, timeout=limit) as answer:  # noqa: S310 - the scheme was checked
            content = json.load(answer)
            number = int(content["entry"])
            return number, f"it reports {content.get('version')}, entry {number}"
    except (URLError, OSError, ValueError, KeyError, TypeError) as error:
        return None, f"no answer that names an entry ({error})"[:200]
