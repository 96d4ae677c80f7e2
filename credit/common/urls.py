"""Addresses on the web."""

from urllib.parse import urlsplit


def is_http_address(text: str) -> bool:
    """Tell whether a text is an address of http or https with a host, without blanks and without a name or secret."""
    if not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
        )
    except ValueError:  # a port that is no number
        return False
