"""The file of API keys: read strictly, changed by one command at a time, and watched while the service runs."""

import errno
import fcntl
import logging
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from credit.common.errors import CreditError, Problem, list_problems
from credit.common.files import atomic_write, format_json, read_json
from service.access.keys import ApiKey, KeyRing

_LOG = logging.getLogger(__name__)


def read_keys(path: Path | None) -> KeyRing:
    """Load the key ring of the service.

    Raises CreditError when the file cannot be read, has no key, or can be written or replaced by others.
    """
    if path is None:
        return KeyRing(None)
    _require_private(path)
    if not (keys := load_keys(path)):
        raise CreditError(Problem(str(path), "no keys", "at least one", "python -m service key make makes one"))
    return KeyRing(keys)


def load_keys(path: Path) -> tuple[ApiKey, ...]:
    """Load the keys of a file. Raises CreditError when they cannot be read."""
    try:
        return TypeAdapter(tuple[ApiKey, ...]).validate_python(read_json(path))
    except ValidationError as error:
        raise CreditError(list_problems(error, str(path))) from None
    except OSError as error:
        raise CreditError(Problem(str(path), error.strerror or "unreadable", "a readable file")) from None


def change_keys(path: Path, change: Callable[[tuple[ApiKey, ...]], tuple[ApiKey, ...]]) -> None:
    """Change the keys of a file, which need not exist; another command waits meanwhile.

    Where it is a link, the file that it leads to is changed. Raises CreditError, also where no file can be replaced.
    """
    path = path.resolve()
    with _lock_folder(path.parent):
        keys = change(load_keys(path) if path.exists() else ())
        try:
            _replace_file(path, format_json([one.model_dump(mode="json", exclude_none=True) for one in keys]))
        except OSError as error:
            said = "it is mounted by itself" if error.errno == errno.EBUSY else error.strerror or "no writing"
            fix = "change the keys where they are kept, and hand them out from there"
            raise CreditError(
                Problem(f"{path}: cannot be replaced", said, "a file in a folder to write to", fix)
            ) from None


def _replace_file(path: Path, text: str) -> None:
    """Replace the file, with the owner and the readers of the one before: a service that may not read the new one would
    go on with the old keys, of which one was revoked."""
    before = path.stat() if path.exists() else None
    with atomic_write(path) as temporary:
        temporary.touch(mode=0o600)
        temporary.write_text(text, encoding="utf-8")
        if before is not None:
            _keep_owners(temporary, before)


def _keep_owners(file: Path, before: os.stat_result) -> None:
    """Give a file the owner, the group and the readers of the one before, as far as this user may.

    Where the group cannot be kept, no other group may read it.
    """
    mode = stat.S_IMODE(before.st_mode) & 0o744
    try:
        os.chown(file, -1, before.st_gid)
    except PermissionError:
        mode &= 0o704
    with suppress(PermissionError):
        os.chown(file, before.st_uid, -1)
    file.chmod(mode)


class KeyFileWatch:
    """Notices that the file was changed, so that a key is revoked at once and no process has to be told."""

    def __init__(self, path: Path | None) -> None:
        self._path, self._known = path, _identify(path)
        self.problem: str | None = None
        """Why the file cannot be used; the keys of before hold meanwhile."""

    def look(self, path: Path | None) -> KeyRing | None:
        """Read the keys when the file is another than at the last look; None when it is the same, or is faulty."""
        found = _identify(path)
        if (path, found) == (self._path, self._known):
            return None
        self._path, self._known = path, found
        try:
            keys = read_keys(path)
        except CreditError as error:
            _LOG.error("the keys of before hold: %s", "; ".join(map(str, error.problems)))
            self.problem = "the file of the keys is faulty, so that the keys of before hold"
            return None
        _LOG.info("the keys were read again")
        self.problem = None
        return keys


def _identify(path: Path | None) -> tuple[int, ...] | None:
    """Identify the content of a file without reading it, and who may write or replace it; None without a file."""
    if path is None:
        return None
    try:
        found = path.stat()
        folders = [place.parent.stat() for place in (path.absolute(), path.resolve())]
    except OSError:
        return None
    return (
        *(right for one in (found, *folders) for right in (one.st_mode, one.st_uid)),
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_nlink,  # 0: see _require_present
    )


def _require_private(path: Path) -> None:
    """Require that nobody else can write the file or replace it, nor a link to it. Raises CreditError.

    Who owns the folder keeps the keys: an operator's file may be read by a service of another user. A file that
    somebody else put there is refused, but where it is mounted read-only, as into a container with users of its own.
    """
    places = sorted({path.absolute(), path.resolve()})
    try:
        file, is_fixed = path.stat(), bool(os.statvfs(path).f_flag & os.ST_RDONLY)
        found = [(place, place.lstat().st_uid, place.parent.stat()) for place in places]
    except OSError as error:
        raise CreditError(Problem(str(path), error.strerror or "unreadable", "a readable file")) from None
    _require_present(path, file)
    expected = "a file that only its owner can write"
    if file.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mode = stat.filemode(file.st_mode)
        raise CreditError(Problem(str(path), f"others can write it ({mode})", expected, f"chmod go-w {path}"))
    for place, owner, folder in found:
        if owner not in (0, os.geteuid(), folder.st_uid) and not is_fixed:
            said = f"user {owner}, to whom it belongs, can write it"
            expected_owner = f"a file of root, of this service (user {os.geteuid()}) or of who owns its folder"
            fix = f"chown --no-dereference {folder.st_uid} {place}"
            raise CreditError(Problem(str(path), said, expected_owner, fix))
        if folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not folder.st_mode & stat.S_ISVTX:
            who = "everybody" if folder.st_mode & stat.S_IWOTH else f"the group {folder.st_gid}"
            raise CreditError(Problem(str(path), f"{who} can replace it", expected, f"chmod go-w {place.parent}"))


def _require_present(path: Path, file: os.stat_result) -> None:
    """Require that a file is still in some folder. Raises CreditError.

    One that is mounted by itself into a container stays what it was, a file without a name, when another takes its
    place outside: a key that is revoked there would be good here for ever.
    """
    if not file.st_nlink:
        fix = "mount the folder that it is in, and start the container anew"
        raise CreditError(Problem(str(path), "another file took its place outside of this container", "that file", fix))


@contextmanager
def _lock_folder(folder: Path) -> Iterator[None]:
    """Lock a folder for the commands that change its keys: the file itself is replaced by each of them."""
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)  # whatever the umask lets a group do
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise CreditError(Problem(str(folder), error.strerror or "unreadable", "a folder to write to")) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
