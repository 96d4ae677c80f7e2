"""The hash sample of training rows: the same rows whatever their order, whole groups, each size within the larger."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.common.errors import CreditError
from credit.contract import Contract, load_contract
from credit.data import sampling
from credit.data.sampling import mark_sample, mark_smallest, sample_rows
from credit.data.tables import open_table, read_marked_rows
from credit.training.cross_fitting import RowSample, read_row_sample
from testing.lenders.loans import CONTRACT, make_loans


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    (tmp_path / "mine.yaml").write_text(CONTRACT)
    return load_contract(tmp_path / "mine.yaml")


def write(path: Path, frame: pd.DataFrame, part: int | None = None) -> Path:
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, row_group_size=part)
    return path


def sample_ids(contract: Contract, table: Path, rows: int | None) -> list[int]:
    marked = sample_rows(contract, table, rows)
    return [int(one) for one in read_marked_rows(open_table(table), ["id"], marked)["id"]]


def test_the_same_rows_are_learned_from_in_whatever_order_and_parts_they_come(
    contract: Contract, tmp_path: Path
) -> None:
    loans = make_loans(500)
    straight = write(tmp_path / "a.parquet", loans)
    shuffled = write(tmp_path / "b.parquet", loans.sample(frac=1, random_state=3), part=37)
    ids = sample_ids(contract, straight, 120)
    assert len(ids) == 120
    assert ids == sorted(ids), "in the order of the table"
    assert set(sample_ids(contract, shuffled, 120)) == set(ids)
    assert set(sample_ids(contract, straight, 119)) < set(ids)
    assert set(ids) < set(sample_ids(contract, straight, 240))
    for rows in (None, 500, 10_000):
        assert len(sample_ids(contract, straight, rows)) == 500


def test_a_row_that_comes_or_goes_changes_no_more_than_itself(contract: Contract, tmp_path: Path) -> None:
    before = set(sample_ids(contract, write(tmp_path / "a.parquet", make_loans(500)), 100))
    gone = make_loans(500)
    gone = gone[gone["id"] != min(before)]
    after = set(sample_ids(contract, write(tmp_path / "b.parquet", gone), 100))
    assert len(before - after) == len(after - before) == 1


def test_rows_that_belong_together_come_together_and_never_beyond_the_number() -> None:
    hashes = np.repeat(np.arange(50, dtype=np.int64)[::-1], 7)
    marked = mark_sample(hashes, 100)
    assert marked.sum() == 98
    assert len(set(hashes[marked])) == 14
    with pytest.raises(CreditError, match=r"train\.rows: found 5 rows, and more than that belong together"):
        mark_sample(hashes, 5)
    assert not mark_smallest(hashes, 5).any(), "a point of the learning curve is left out, and stops nobody"


def test_out_of_fold_no_more_rows_are_learned_from_than_by_the_shipped_candidate() -> None:
    hashes, codes = np.random.default_rng(0).permutation(300).astype(np.int64), np.arange(300) % 3
    for fold in range(3):
        seen = RowSample(hashes, 80).mark_seen(codes != fold)
        assert seen.sum() == 80
        assert not seen[codes == fold].any()
        assert hashes[seen].max() < hashes[~seen & (codes != fold)].min()


def test_no_row_is_hashed_where_all_are_learned_from(
    contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = write(tmp_path / "a.parquet", make_loans(40))
    hashed: list[str] = []
    monkeypatch.setattr(sampling, "hash_sql", lambda contract, salt: hashed.append(salt) or "1")
    assert sample_rows(contract, table, None).tolist() == [True] * 40
    assert read_row_sample(contract, table, None) is None
    assert not hashed
    assert read_row_sample(contract, table, 100) is not None
    assert hashed == [sampling.TRAIN_ROWS]
