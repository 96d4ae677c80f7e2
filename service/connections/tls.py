"""TLS behind the limits on connections: one is counted before its handshake, which has as long as headers have.

uvicorn would begin the handshake before anything here hears of the connection, and give it a minute.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.utils import get_remote_addr
from uvicorn.server import ServerState

from credit.common.errors import CreditError, Problem
from service.connections.direct_answer import DirectAnswerer
from service.connections.direct_protocol import DIRECT_KEY
from service.connections.open_connections import OpenConnections
from service.connections.protocol import STATE_KEY, LimitedProtocol
from service.settings import Settings

_ENCRYPTION_KEY = "tls"
"""Where the lifespan's state has the Encryption."""


@dataclass
class Encryption:
    """The TLS context of connections to come, which may be replaced while it runs; None: they are not encrypted."""

    context: ssl.SSLContext | None


def load_tls(settings: Settings) -> ssl.SSLContext | None:
    """Load the certificate and its key, None without one. Raises CreditError when they cannot be used."""
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except OSError as error:  # of which SSLError is one
        said = getattr(error, "reason", None) or error.strerror or "unreadable"
        where = f"SERVICE_TLS_CERTIFICATE {settings.tls_certificate} and SERVICE_TLS_KEY {settings.tls_key}"
        raise CreditError(Problem(where, said.lower().replace("_", " "), "a certificate and its key, in PEM")) from None
    return context


def build_state(connections: OpenConnections, encryption: Encryption, direct: DirectAnswerer) -> dict[str, Any]:
    """Build what the lifespan hands to every connection."""
    return {STATE_KEY: connections, _ENCRYPTION_KEY: encryption, DIRECT_KEY: direct}


def make_protocol(
    config: Config,
    server_state: ServerState,
    app_state: dict[str, Any],
    _loop: asyncio.AbstractEventLoop | None = None,
) -> asyncio.Protocol:
    """Make the protocol of a new connection, as uvicorn does of a class."""
    http = LimitedProtocol(config, server_state, app_state, _loop)
    context: ssl.SSLContext | None = app_state[_ENCRYPTION_KEY].context
    return http if context is None else _Handshake(http, context, app_state[STATE_KEY], server_state)


class _Handshake(asyncio.Protocol):
    """A connection until it is encrypted; then `http` has it.

    The handshake begins with the first bytes, `_hello`: uvloop reads before it can be told not to, so they are handed
    on. `_early`: what came with the end of the handshake. Among the connections of the server, it ends when that does.
    """

    def __init__(
        self, http: LimitedProtocol, context: ssl.SSLContext, connections: OpenConnections, server: ServerState
    ) -> None:
        self._http, self._context, self._open, self._server = http, context, connections, server
        self._hello, self._early = b"", bytearray()
        self._is_admitted = self._is_given_up = False
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self.address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Admit the connection, or close it: who cannot read yet gets no answer."""
        self._transport = transport
        client = get_remote_addr(transport)
        self.address = client[0] if client else ""
        self._is_admitted = self._open.admit(self)
        if not self._is_admitted:
            transport.abort()
            return
        self._server.connections.add(self)  # type: ignore[arg-type]
        self._timer = self._http.loop.call_later(self._open.limits.header_seconds, self._expire)

    def data_received(self, data: bytes) -> None:
        """Begin the handshake; later, keep its bytes for `http`."""
        if self._task is None:
            self._transport.pause_reading()
            self._hello = data
            self._task = self._http.loop.create_task(self._encrypt())
        else:
            self._early += data

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._leave()

    def abort(self) -> None:
        """Close it at once. Within its handshake, TLS tells nobody of the end, so it is not waited for."""
        self._is_given_up = True
        self._leave()
        self._transport.abort()

    def shutdown(self) -> None:
        """End with the server, which calls this."""
        self.abort()

    def _expire(self) -> None:
        self._open.count("handshake_time")
        self.abort()

    async def _encrypt(self) -> None:
        loop, patience = self._http.loop, self._open.limits.header_seconds + 1  # the timer is the limit
        starting = loop.start_tls(
            self._transport, self, self._context, server_side=True, ssl_handshake_timeout=patience
        )
        task = loop.create_task(starting)
        await asyncio.sleep(0)  # its first step, after which TLS has the connection
        await asyncio.sleep(0)  # and knows of it; nothing more has been read until then
        if not task.done():
            _feed(self._transport.get_protocol(), self._hello)
        try:
            encrypted = await task
        except OSError:  # no TLS, one that is refused, or a connection that was closed
            if not self._is_given_up:
                self._open.count("handshake")
            self.abort()
            return
        if not self._is_admitted or encrypted is None or encrypted.is_closing():
            return
        self._leave()
        encrypted.set_protocol(self._http)
        self._http.connection_made(encrypted)
        if self._early:
            self._http.data_received(bytes(self._early))

    def _leave(self) -> None:
        """Leave the count of connections, in which `http` may take its place."""
        if self._is_admitted:
            self._is_admitted = False
            self._open.remove(self)
            self._server.connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()


def _feed(protocol: Any, data: bytes) -> None:
    """Hand bytes to a protocol that has a buffer of its own, as its transport would."""
    while data:
        buffer = memoryview(protocol.get_buffer(len(data)))
        size = min(len(buffer), len(data))
        buffer[:size] = data[:size]
        protocol.buffer_updated(size)
        data = data[size:]
