"""A gateway before a real S3 server that ignores put-if-absent, as some S3 servers do: it drops If-None-Match."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from testing.parts.servers import KEYS

_OWN = ("host", "authorization", "if-none-match", "connection", "content-length", "transfer-encoding")


@contextmanager
def run_overwriting_gateway(server: str) -> Iterator[str]:
    """Run the gateway on loopback; yield its address."""

    class Gateway(BaseHTTPRequestHandler):
        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            kept = {name: value for name, value in self.headers.items() if name.lower() not in _OWN}
            request = AWSRequest(self.command, f"{server}{self.path}", kept, body)
            credentials = Credentials(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"])
            S3SigV4Auth(credentials, "s3", "us-east-1").add_auth(request)  # the header that goes was signed too
            connection = http.client.HTTPConnection(urlsplit(server).netloc)
            connection.request(self.command, self.path, body, dict(request.headers.items()))
            answer = connection.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _OWN:
                    self.send_header(name, value)
            length = answer.getheader("content-length", "0") if self.command == "HEAD" else str(len(content))
            self.send_header("content-length", length)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _forward  # noqa: N815 - as the base class calls them

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    made = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_port}"
    finally:
        made.shutdown()
        made.server_close()
        thread.join()
