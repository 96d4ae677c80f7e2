"""The store of published versions and ledgers: a folder, or a bucket by URL. One operation writes: put if absent."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, ObjectStore, S3Store, from_url

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.urls import is_http_address

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Credential

CLOCK_PREFIX = "clock"
_CLIENT_OPTIONS: "ClientConfig" = {"connect_timeout": "3s", "timeout": "30s"}
_RETRY_OPTIONS: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}
_FIX = "is RELEASE_STORE right, and may you use it?"
_MISSING_FIX = "is its address right? The first release publish or deploy makes the folder of a new store"
_HEADER_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION")
_BUCKET_STORES = (S3Store, GCSStore, AzureStore)
_LOOPBACK = ("http://127.0.0.1", "http://localhost")

_CAUSES = (
    ("InvalidAccessKeyId", "it does not know the key in AWS_ACCESS_KEY_ID", "set the key of somebody who may use it"),
    ("SignatureDoesNotMatch", "the secret does not belong to the key", "set AWS_SECRET_ACCESS_KEY again"),
    ("ExpiredToken", "the credentials have expired", "sign in again"),
    ("NoSuchBucket", "no such bucket", "is RELEASE_STORE right?"),
    ("169.254.169.254", "no keys, and this machine has no role", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ("AccessDenied", "the key may not do this there", "ask whoever owns the bucket for the right"),
)
"""A mark in the client's error, what it means, and how to fix it. The first that fits counts."""


class StoreError(CreditError):
    """Raised when the store does not answer or refuses; what lies there is not known then."""


class MissingStoreError(StoreError):
    """Raised when the folder of a store does not exist: a new project's, a mistyped one, or a disk not mounted."""


class Store:
    """Objects by key. An object is written once and never overwritten.

    Every operation raises StoreError, in one line, when the store does not answer or refuses. `make`: create a missing
    folder as an empty store; else MissingStoreError is raised.
    """

    def __init__(self, url: str, make: bool = True, seconds: float | None = None) -> None:
        self.url, self._seconds = url, seconds
        self.folder: Path | None = None
        with self._translate_errors():
            if "://" not in url:
                self.folder = Path(url).absolute()
                if not make and not self.folder.exists():
                    raise MissingStoreError(Problem(f"the store {url}", "no such folder", fix=_MISSING_FIX))
                self._objects: ObjectStore = LocalStore(self.folder, mkdir=make, automatic_cleanup=True)
            else:
                self._objects = _open_bucket(url, seconds)

    def create(self, key: str, content: bytes) -> bool:
        """Create an object if absent. True when the key now holds `content`; False when it holds another.

        A lost answer makes the client ask again and find its own object there: equal content is therefore a success.
        """
        with self._translate_errors():
            try:
                obstore.put(self._objects, key, content, mode="create")
            except AlreadyExistsError:
                return self.read(key) == content
        self._sync_to_disk(key)
        return True

    def read(self, key: str) -> bytes | None:
        """Read the content of an object; None when it does not exist."""
        with self._translate_errors():
            try:
                return bytes(obstore.get(self._objects, key).bytes())
            except (FileNotFoundError, NotADirectoryError):
                return None

    def list_children(self, prefix: str) -> tuple[list[str], list[str]]:
        """List the names of the folders and of the objects directly below a prefix, each in order."""
        with self._translate_errors():
            found = obstore.list_with_delimiter(self._objects, prefix)
        folders = sorted(path.rsplit("/", 1)[-1] for path in found["common_prefixes"])
        return folders, sorted(one["path"].rsplit("/", 1)[-1] for one in found["objects"])

    def read_clock(self) -> datetime:
        """Read the clock of the store, to the second: it dates an object that is written, and deleted again."""
        key = f"{CLOCK_PREFIX}/{uuid4().hex}"
        with self._translate_errors():
            obstore.put(self._objects, key, b"", mode="create")
            moment = obstore.head(self._objects, key)["last_modified"]
            obstore.delete(self._objects, key)
        return moment

    def find_last_write(self, prefix: str) -> datetime | None:
        """Find when the newest object below a prefix was written; None when it has no object."""
        with self._translate_errors():
            times = [one["last_modified"] for part in obstore.list(self._objects, prefix) for one in part]
        return max(times, default=None)

    def delete(self, place: str) -> int:
        """Delete the object at a place and every object below it; return their number.

        For leftovers, and for drills. A listing of a place has the objects below it only, never its own.
        """
        with self._translate_errors():
            keys = [one["path"] for part in obstore.list(self._objects, place) for one in part]
            with suppress(FileNotFoundError):
                keys.append(obstore.head(self._objects, place)["path"])
            obstore.delete(self._objects, keys)
        return len(keys)

    def open_prefix(self, prefix: str) -> "Store":
        """Open the part of this store below a prefix, as a store."""
        return Store(f"{self.folder or self.url.rstrip('/')}/{prefix}", seconds=self._seconds)

    def _sync_to_disk(self, key: str) -> None:
        """Flush a new file and its folder to the disk, so that both survive a crash of the machine."""
        if self.folder is None:
            return
        for path in ((self.folder / key), (self.folder / key).parent):
            opened = os.open(path, os.O_RDONLY)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            raise StoreError(_describe_failure(f"the store {self.url}", str(error), type(error).__name__)) from None


def _describe_failure(where: str, message: str, kind: str) -> Problem:
    """Describe an error of the client: in plain words where the cause is known, else by its first line."""
    for mark, found, fix in _CAUSES:
        if mark in message:
            return Problem(where, found, fix=fix)
    return Problem(where, (message.strip().splitlines() or [kind])[0][:300], fix=_FIX)


def _open_bucket(url: str, seconds: float | None) -> ObjectStore:
    if "@" in url.split("/")[2]:
        raise CreditError(
            Problem(
                "RELEASE_STORE",
                "a name or a secret in the URL",
                "a URL without any",
                "use AWS_ACCESS_KEY_ID and its like",
            )
        )
    for name in [name for name, value in os.environ.items() if name.startswith("AWS_") and not value]:
        del os.environ[name]  # GitHub sets what has no value to nothing, which the client takes for a value
    client, retry, endpoint = _CLIENT_OPTIONS, _RETRY_OPTIONS, os.environ.get("AWS_ENDPOINT_URL")
    if seconds is not None:
        client = {**client, "connect_timeout": f"{seconds:g}s", "timeout": f"{seconds:g}s"}
        retry = {**retry, "retry_timeout": timedelta(seconds=seconds)}
    raise_if_any(_find_unusable_values(endpoint))
    if endpoint is not None and endpoint.startswith("http://"):
        if not endpoint.startswith(_LOOPBACK) and os.environ.get("AWS_ALLOW_HTTP") != "true":
            found = f"{endpoint[:80]}, where anybody on the way can read and change what is sent"
            fix = "AWS_ALLOW_HTTP=true allows it, in a network of your own"
            raise CreditError(Problem("AWS_ENDPOINT_URL", found, "https://", fix))
        client = {**client, "allow_http": True}
    if "AWS_PROFILE" in os.environ and url.startswith("s3://"):
        return from_url(url, client_options=client, retry_config=retry, credential_provider=_load_profile_credentials)
    made = from_url(url, client_options=client, retry_config=retry)
    if not isinstance(made, _BUCKET_STORES):
        found = f"{urlsplit(url).scheme}://, which is not durable, or would overwrite"
        raise CreditError(Problem("RELEASE_STORE", found, "a folder such as .store, or a bucket such as s3://models"))
    return made


def _find_unusable_values(endpoint: str | None) -> list[Problem]:
    """Find the values that end the client with a Rust panic, which no handler catches. Values are not shown."""
    values = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    broken = [
        name
        for name, value in values.items()
        if not value.isprintable() or (name in _HEADER_VARIABLES and not value.isascii())
    ]
    what = "a line break or another unusable character"
    found = [Problem(name, what, "the value alone", "set it again") for name in broken]
    if endpoint is not None and not found and not is_http_address(endpoint):
        shown = "a name or a secret in the address" if "@" in endpoint else repr(endpoint[:80])
        found += [Problem("AWS_ENDPOINT_URL", shown, "an address such as https://s3.example.org")]
    return found


def _load_profile_credentials() -> "S3Credential":
    """Load the credentials of AWS_PROFILE, which the client does not read by itself; again when they expire."""
    import botocore.session

    found = botocore.session.get_session().get_credentials()
    if found is None:
        raise ValueError(f"no credentials in the profile {os.environ['AWS_PROFILE']}")
    now = found.get_frozen_credentials()
    expires = getattr(found, "_expiry_time", None)
    return {
        "access_key_id": now.access_key,
        "secret_access_key": now.secret_key,
        "token": now.token,
        "expires_at": expires,
    }
