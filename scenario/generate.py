"""The file, partition by partition: memory does not grow with the number of rows."""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from scenario.params import Knobs

if TYPE_CHECKING:
    import pyarrow as pa


def generate(knobs: Knobs, path: str | Path) -> None:
    """Write the applications as CSV with a header; the same knobs give the same bytes.

    The file appears whole or not at all. Raises OSError when the folder cannot be written to.
    """
    path = Path(path)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        os.close(handle)
        _write(knobs, Path(draft))
        Path(draft).chmod(0o666 & ~_umask())  # mkstemp lets nobody else read it
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write(knobs: Knobs, path: Path) -> None:
    import pyarrow.csv
    from tqdm import tqdm

    from scenario.applicants import PARTITION

    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none", batch_size=256)
    with path.open("wb") as file:
        for partition in tqdm(range(-(-knobs.rows // PARTITION)), "scenario", unit="partition", disable=None):
            table = _table(knobs, partition)
            if partition == 0:
                file.write((",".join(table.column_names) + "\n").encode())
            pyarrow.csv.write_csv(table.slice(0, knobs.rows - partition * PARTITION), file, options)
            del table  # before the next is made, or two are in memory


def _table(knobs: Knobs, partition: int) -> "pa.Table":
    import pyarrow as pa

    from scenario.applicants import People
    from scenario.columns import columns_of, extra_columns, extra_names

    people = People(knobs, partition)
    columns = columns_of(people)
    arrays = [pa.array(values, mask=missing) for values, missing in columns.values()]
    arrays += [pa.array(values) for values in extra_columns(people, columns)]
    return pa.table(arrays, names=[*columns, *extra_names(knobs)])
