"""Ports on loopback: one that answers as a test wants it to, and raw connections to a server."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from testing.parts.servers import PATIENCE


def format_response(content: str, status: str = "200 OK", head: str = "") -> bytes:
    return f"HTTP/1.0 {status}\r\n{head}Content-Length: {len(content)}\r\n\r\n{content}".encode()


@contextmanager
def serve_bytes(answer: bytes) -> Iterator[tuple[str, list[str]]]:
    """Serve the same bytes to everybody on loopback; yield the address, and the requests that came."""
    asked: list[str] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                asked.append(connection.recv(65536).decode())
                connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


@contextmanager
def drip(head: bytes, content: bytes) -> Iterator[str]:
    """Begin every answer, then send the same content five times a second for ever; yield the address."""
    ended = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65_536)
            connection.sendall(head)
            while not ended.wait(0.2):
                connection.sendall(content)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listening.accept()[0],)).start()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


@contextmanager
def connect(url: str, count: int = 1) -> Iterator[list[socket.socket]]:
    """Open connections to a server, one after the other."""
    port = int(url.rsplit(":", 1)[1])
    with ExitStack() as opened:
        yield [
            opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)) for _ in range(count)
        ]


def read_to_end(client: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    content = b""
    try:
        while part := client.recv(65_536):
            content += part
    except ConnectionResetError:
        pass
    return content
