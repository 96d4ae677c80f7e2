"""Which role a request needs."""

from service.access.keys import KeyRole

KEYLESS_PATHS = ("/health/live", "/health/ready")
"""Health checks, which need no key."""

_ANY_ROLE_PATHS = ("/v1/version", "/openapi.json", "/docs")
"""What says how to ask, and who answers: for every key."""

_OUTCOMES_PATH, _REVIEW_PATH = "/v1/outcomes", "/review"
_LOOK_UP_PATHS = ("/v1/decisions", "/v1/versions/")


def find_role(method: str, path: str) -> KeyRole | None:
    """Find the role that a request needs: who asks for decisions reads none of the log. None: any will do."""
    if method == "POST":
        if path.endswith(_REVIEW_PATH):
            return "review"
        return "report" if path == _OUTCOMES_PATH else "decide"
    if path.startswith(_LOOK_UP_PATHS):
        return "look-up"
    return None if path.startswith(_ANY_ROLE_PATHS) else "watch"
