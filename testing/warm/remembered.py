"""What forks of the warm process remember for each other, in a folder: what the same text gave before.

A fork begins with what its parent knew, so that each would parse, print and compile the same texts anew.
"""

import hashlib
import os
import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

Value = TypeVar("Value")


class Remembered:
    """A folder with a file for each value; its name is the hash of the text that the value was made of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()

    def take(self, kind: str, text: str | bytes, make: Callable[[], Value]) -> Value:
        """Take what this text gave before, a copy of one's own; else make it, and remember it unless it raises."""
        name = hashlib.sha256(text if isinstance(text, bytes) else text.encode()).hexdigest()
        file = self._folder / f"{kind}-{name}"
        with suppress(FileNotFoundError):
            kept: Value = pickle.loads(file.read_bytes())
            return kept
        value = make()
        with suppress(FileNotFoundError):  # the folder: the tests have ended
            written = file.with_name(f"{file.name}.{os.getpid()}")
            written.write_bytes(pickle.dumps(value))
            written.replace(file)
        return value
