"""A store, and a service that follows it."""

from testing.services import asked, released, service

__all__ = ["asked", "released", "service"]
