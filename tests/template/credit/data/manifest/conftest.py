"""Fixtures: a bucket on a real S3 server."""

from testing.stores import s3

__all__ = ["s3"]
