"""A version on disk: one folder, every file of which is verified by its hash."""

from credit.bundle.bundle import Bundle, load_bundle

__all__ = ["Bundle", "load_bundle"]
