"""A port on loopback that answers as a test wants it to, well or not."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


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
