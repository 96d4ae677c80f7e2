"""A bundle as another process can be sent it, which may see neither the store nor this disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from credit.common.temporary import make_temporary_folder


class PackedBundle(NamedTuple):
    """The files of a bundle, by their paths in it."""

    files: tuple[tuple[str, bytes], ...]


def pack_bundle(folder: Path) -> PackedBundle:
    """Pack the files of a folder."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return PackedBundle(tuple((file.relative_to(folder).as_posix(), file.read_bytes()) for file in files))


@contextmanager
def unpack_temporarily(packed: PackedBundle) -> Iterator[Path]:
    """Yield a temporary folder with the files; whoever loads them verifies them."""
    with make_temporary_folder() as temporary:
        for name, content in packed.files:
            file = temporary / "bundle" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        yield temporary / "bundle"
