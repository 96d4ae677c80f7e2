"""Requests that ask the same in other words: HEAD for GET, and a path with a slash at its end."""

from collections.abc import MutableMapping
from typing import Any


def unify_request(scope: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Give a request the form that routes know. The server leaves out the body of an answer to HEAD."""
    path = scope["path"]
    if scope["method"] == "HEAD":
        scope = {**scope, "method": "GET"}
    if len(path) > 1 and path.endswith("/"):
        path = path.rstrip("/") or "/"
        scope = {**scope, "path": path, "raw_path": path.encode()}
    return scope
