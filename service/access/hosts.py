"""The hosts that requests may name: a page of another site, whose name was turned to loopback, must read nothing."""

from functools import lru_cache

from service.settings import Settings

_LOOPBACK = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})


def list_hosts(settings: Settings) -> frozenset[bytes] | None:
    """List the hosts of the settings, in lower case; None: any, where only keys protect what others can reach."""
    named = {name.lower().encode() for name in settings.hosts}
    if not named and not settings.is_on_loopback:
        return None
    return _LOOPBACK | named | ({settings.host.lower().encode()} if settings.is_on_loopback else set())


@lru_cache(maxsize=64)  # every request has one, nearly always the same
def is_known_host(given: bytes, hosts: frozenset[bytes]) -> bool:
    """Tell whether a Host header, with or without a port, names one of the hosts."""
    named = given.strip().lower()
    name, _, port = named.rpartition(b":")
    return named in hosts or (port.isdigit() and name in hosts)
