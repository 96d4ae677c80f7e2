"""The open connections of a process: how many there may be, and who gives way when there are more."""

import resource
from collections import Counter, OrderedDict
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple, Protocol

from service.settings import Settings

_RESERVED_FILES = 96
"""File descriptors that stay free for the log, the store and the files of versions."""


class ConnectionLimits(NamedTuple):
    """What a connection may take until its request is whole, and how many there may be.

    `address_connections`: of one address, unless it is of `proxies`. `body_seconds` is also how long a client may leave
    an answer unread.
    """

    header_bytes: int
    header_seconds: float
    body_bytes: int
    body_seconds: float
    connections: int
    address_connections: int
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()


class Connection(Protocol):
    """One connection, and the address of the client."""

    address: str

    def abort(self) -> None:
        """Close it at once, whatever is unsent."""


class OpenConnections:
    """The connections of this process. For the event loop only; `count` hears why one was refused or closed."""

    def __init__(self, limits: ConnectionLimits, count: Callable[[str], object]) -> None:
        self.limits, self.count = limits, count
        self._most = find_capacity(limits.connections)
        self._by_address: Counter[str] = Counter()
        self._waiting: OrderedDict[Connection, None] = OrderedDict()

    def admit(self, connection: Connection) -> bool:
        """Admit a connection; where there are too many, the one gives way that has sent no request for longest.

        Who floods so only drives out itself, as long as others send their requests whole. False: none gives way.
        """
        address = connection.address
        is_full = self._by_address[address] >= self.limits.address_connections and not self._is_proxy(address)
        if is_full and not self._evict("address", address):
            return False
        if self._by_address.total() >= self._most and not self._evict("connections", None):
            return False
        self._by_address[address] += 1
        self._waiting[connection] = None
        return True

    def note_waiting(self, connection: Connection) -> None:
        """Note that a connection has no request that is to be answered."""
        self._waiting[connection] = None

    def note_busy(self, connection: Connection) -> None:
        """Note that a whole request came."""
        self._waiting.pop(connection, None)

    def remove(self, connection: Connection) -> None:
        """Forget a connection that was admitted."""
        self._waiting.pop(connection, None)
        self._by_address[connection.address] -= 1
        if not self._by_address[connection.address]:
            del self._by_address[connection.address]

    def _is_proxy(self, address: str) -> bool:
        """Tell whether all clients may come from an address."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self.limits.proxies)

    def _evict(self, why: str, address: str | None) -> bool:
        """Close the connection that has waited for longest, of one address or of any."""
        for connection in self._waiting:
            if address is None or connection.address == address:
                self._waiting.pop(connection)
                self.count(why)
                connection.abort()
                return True
        self.count(why)
        return False


def build_limits(settings: Settings) -> ConnectionLimits:
    """Build the limits of the settings."""
    return ConnectionLimits(
        header_bytes=settings.max_header_bytes,
        header_seconds=settings.header_seconds,
        body_bytes=settings.max_body_bytes,
        body_seconds=settings.body_seconds,
        connections=settings.max_connections,
        address_connections=settings.max_address_connections,
        proxies=tuple(map(ip_network, settings.trusted_proxies)),
    )


def find_capacity(connections: int) -> int:
    """Find how many connections this process has file descriptors for, raised as far as it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + _RESERVED_FILES
    if soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(min(connections, soft - _RESERVED_FILES), 1)
