"""Blocks of a table are its rows in order; a file that is another one is refused, whose rows would add up as well."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.common.errors import CreditError
from credit.data.table_parts import list_parts, read_part
from credit.data.tables import iterate_partitions, open_table


def write(path: Path, rows: int, first: int = 0, group: int = 13) -> Path:
    numbers = pa.array(range(first, first + rows))
    names = pa.array([str(n % 5) for n in range(rows)]).dictionary_encode()
    pq.write_table(pa.table({"number": numbers, "name": names}), path, row_group_size=group)
    return path


@pytest.mark.parametrize("block", [1, 7, 13, 26, 40, 100])
def test_blocks_are_those_of_the_table_whatever_its_row_groups(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credit.data.tables.PARTITION_ROWS", block)
    file = write(tmp_path / "a.parquet", 40)
    parts = list_parts(file)
    assert [part.start for part in parts] == list(range(0, 40, block))
    plain = ["number"]
    assert [read_part(part, plain) for part in parts] == list(iterate_partitions(open_table(file), plain))
    rows = [row for part in parts for row in read_part(part).to_pylist()]
    assert rows == [{"number": number, "name": str(number % 5)} for number in range(40)]


def test_a_file_that_changed_or_went_since_its_blocks_were_listed_is_an_error(tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", 40)
    (part,) = list_parts(file)
    write(file, 40, first=1)
    with pytest.raises(CreditError, match=r"a.parquet: found a file of .* bytes ending in .*, expected of .* of the"):
        read_part(part)
    file.unlink()
    with pytest.raises(CreditError, match=r"a.parquet: found no such file, expected that of the stage; all workers"):
        read_part(part)
