"""How long each stage took when it last ran here: a small file per stage, beside DVC's own temporary ones."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from urllib.parse import quote

FOLDER = Path(".dvc/tmp/stage_seconds")
STAGE_VARIABLE = "DVC_STAGE"
"""DVC sets it for each command to the name of the stage, such as train@logistic."""


@contextmanager
def record_seconds() -> Iterator[None]:
    """Record how long the block took, when DVC runs it and it succeeds; a record that cannot be written is left out."""
    name, start = os.environ.get(STAGE_VARIABLE), monotonic()
    try:
        yield
    except SystemExit as left:
        if left.code in (None, 0) and name and FOLDER.parent.is_dir():
            with suppress(OSError):  # no result hangs on it
                _write(name, monotonic() - start)
        raise


def read_seconds(names: Iterable[str]) -> dict[str, float]:
    """Read how long stages took; without those that never ran here."""
    found = {}
    for name in names:
        with suppress(OSError, ValueError):
            found[name] = float(_locate(name).read_text(encoding="ascii"))
    return found


def _write(name: str, seconds: float) -> None:
    FOLDER.mkdir(exist_ok=True)
    temporary = _locate(name).with_suffix(f".{os.getpid()}")
    temporary.write_text(f"{seconds:.1f}\n", encoding="ascii")
    temporary.replace(_locate(name))


def _locate(name: str) -> Path:
    return FOLDER / f"{quote(name, safe='@')}.txt"
