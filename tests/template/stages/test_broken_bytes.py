"""Whatever happens to the bytes of a raw file: it is read, or refused in single lines; nothing half done is left."""

import random
from pathlib import Path

import pandas as pd
import pytest

from credit.common.errors import CreditError
from credit.contract import load_contract
from stages.ingest import ingest_table
from testing.lenders.loans import CONTRACT, make_loans


def damaged(content: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, lost, put in, or replaced by what CSV has a meaning for."""
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5, 50])):
        place = chance.randrange(chance.choice([200, len(changed)]))
        kind = chance.choice(["change", "lose", "insert", "mark", "cut"])
        if kind == "change":
            changed[place] = chance.randrange(256)
        elif kind == "lose":
            del changed[place : place + chance.randrange(1, 50)]
        elif kind == "insert":
            changed[place:place] = chance.randbytes(3)
        elif kind == "mark":
            changed[place] = ord(chance.choice('",\n\r;\\\0'))
        elif chance.random() < 0.1:
            del changed[max(place, 300) :]
    return bytes(changed)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_damaged_bytes_are_read_or_refused_in_single_lines(tmp_path: Path, kind: str) -> None:
    raw, typed = tmp_path / "raw", tmp_path / "typed.parquet"
    (tmp_path / "mine.yaml").write_text(CONTRACT)
    contract = load_contract(tmp_path / "mine.yaml")
    (make_loans().to_csv if kind == "csv" else make_loans().to_parquet)(raw, index=False)
    content, chance = raw.read_bytes(), random.Random(0)
    refused = 0
    for _ in range(40):
        raw.write_bytes(damaged(content, chance))
        typed.unlink(missing_ok=True)
        try:
            rows = ingest_table(contract, raw, typed, "mine.yaml")
        except CreditError as error:
            refused += 1
            lines = [str(problem) for problem in error.problems]
            assert all(line.startswith(f"{raw}: ") and "\n" not in line for line in lines)
            assert not typed.exists()
        else:
            assert len(pd.read_parquet(typed)) == rows
        assert not list(tmp_path.glob(".*"))
    assert refused > 10
