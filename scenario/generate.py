"""The writer of the file, partition by partition: memory does not grow with the number of rows."""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from scenario.params import ScenarioParams

if TYPE_CHECKING:
    import pyarrow as pa


def generate(params: ScenarioParams, path: str | Path) -> None:
    """Write the applications as CSV with a header; the same parameters give the same bytes.

    The file appears whole or not at all. Raises OSError when the folder cannot be written to.
    """
    path = Path(path)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        os.close(handle)
        _write_csv(params, Path(draft))
        Path(draft).chmod(0o666 & ~_read_umask())  # mkstemp lets nobody else read it
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)


def _read_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write_csv(params: ScenarioParams, path: Path) -> None:
    import pyarrow.csv
    from tqdm import tqdm

    from scenario.applicants import ROWS_PER_PARTITION

    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none", batch_size=256)
    with path.open("wb") as file:
        for partition in tqdm(range(-(-params.rows // ROWS_PER_PARTITION)), "scenario", unit="partition", disable=None):
            table = _build_table(params, partition)
            if partition == 0:
                file.write((",".join(table.column_names) + "\n").encode())
            pyarrow.csv.write_csv(table.slice(0, params.rows - partition * ROWS_PER_PARTITION), file, options)
            del table  # before the next is made, or two are in memory


def _build_table(params: ScenarioParams, partition: int) -> "pa.Table":
    import pyarrow as pa

    from scenario.applicants import Applicants
    from scenario.columns import build_columns, draw_extra_columns, list_extra_names

    people = Applicants(params, partition)
    columns = build_columns(people)
    arrays = [pa.array(values, mask=missing) for values, missing in columns.values()]
    arrays += [pa.array(values) for values in draw_extra_columns(people, columns)]
    return pa.table(arrays, names=[*columns, *list_extra_names(params)])
