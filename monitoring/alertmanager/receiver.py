"""Receive alerts from Alertmanager: print a line for each, and tell a chat. An example of a receiver, to start from.

    python receiver.py [PORT]       9095 where none is given

`RECEIVER_CHAT_URL` is the address of a chat that takes JSON with `text`, as Slack, Mattermost and others do. Where the
chat does not take it, Alertmanager gets a 502 and sends the alerts again. `RECEIVER_HOST` is where it listens, by
default 127.0.0.1; it asks for no key. It needs Python alone.
"""

import http.client
import json
import os
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_MAX_BYTES, _CHAT_SECONDS, _CLIENT_SECONDS = 10_000_000, 10.0, 10.0


def format_alerts(receiver: str, content: Any) -> list[str]:
    """Format a line for each alert. Raises KeyError or TypeError where it is not what Alertmanager sends."""
    return [
        f"{receiver}: {alert['status']}: {alert['labels']['severity']}: {alert['labels']['alertname']}: "
        f"{alert['annotations']['summary']} ({alert['annotations']['runbook']})"
        for alert in content["alerts"]
    ]


class Receiver(BaseHTTPRequestHandler):
    """Takes alerts by POST; the path is the name of who is told."""

    timeout = _CLIENT_SECONDS

    def do_POST(self) -> None:
        """Print the alerts and tell the chat; answer 200 when all of it is done."""
        try:
            length = int(self.headers["Content-Length"])
            if not 0 <= length <= _MAX_BYTES:
                raise ValueError(f"{length} bytes")
            lines = format_alerts(self.path.strip("/"), json.loads(self.rfile.read(length)))
        except (KeyError, TypeError, ValueError) as error:
            self._answer(400, f"found {error!r}, expected what Alertmanager sends\n")
            return
        print(*lines, sep="\n", flush=True)
        try:
            tell_chat(os.environ.get("RECEIVER_CHAT_URL"), lines)
        except (OSError, http.client.HTTPException) as error:  # whose text may hold the address, a secret
            print(f"the chat did not take it: {type(error).__name__}", file=sys.stderr, flush=True)
            self._answer(502, "the chat did not take it\n")
            return
        self._answer(200, "")

    def do_GET(self) -> None:
        """Answer that it runs."""
        self._answer(200, "ok\n")

    def _answer(self, code: int, text: str) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Log no request; the alerts are printed."""


def tell_chat(address: str | None, lines: list[str]) -> None:
    """Tell a chat, if there is one. Raises OSError when it does not take it."""
    if address:
        content = json.dumps({"text": "\n".join(lines)}).encode()
        request = urllib.request.Request(address, content, {"Content-Type": "application/json"})  # noqa: S310
        urllib.request.urlopen(request, timeout=_CHAT_SECONDS).close()  # noqa: S310 - the scheme is checked at the start


if __name__ == "__main__":
    if not os.environ.get("RECEIVER_CHAT_URL", "https://").startswith(("http://", "https://")):
        raise SystemExit("error: RECEIVER_CHAT_URL: expected an address that begins with http:// or https://")
    host = os.environ.get("RECEIVER_HOST", "127.0.0.1")
    ThreadingHTTPServer((host, int(sys.argv[1]) if sys.argv[1:] else 9095), Receiver).serve_forever()
