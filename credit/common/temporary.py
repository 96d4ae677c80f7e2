"""Make temporary folders that do not outlive a killed process for long: the next command removes them."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

_PREFIX = "release-"


@contextmanager
def make_temporary_folder() -> Iterator[Path]:
    """Yield an empty folder, which is removed at the end: by this process, or by a later one if it is killed.

    Beside the folder lies a lock that its process holds; a lock that nobody holds belongs to a process that is gone.
    """
    _remove_leftovers()
    folder = Path(tempfile.gettempdir()) / f"{_PREFIX}{uuid4().hex}"
    lock = folder.with_suffix(".lock")
    with lock.open("x") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder)
            lock.unlink(missing_ok=True)


def _remove_leftovers() -> None:
    """Remove the folders of processes that were killed, of this user."""
    for lock in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*.lock"):
        with suppress(OSError), lock.open() as file:  # another user's, or one that another process removes right now
            if os.fstat(file.fileno()).st_uid != os.getuid():
                continue
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
