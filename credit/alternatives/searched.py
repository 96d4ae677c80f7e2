"""What variants scored in an earlier search here, so that a later one trains only those that are new.

A change of one candidate's hyperparameters, of a threshold or of a limit leaves most variants as they are, and half of
the stage's time goes into their training. The file lies where DVC keeps what is of this folder alone; without it, or
with one of other rows, code or libraries, everything is trained, with the same scores.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from credit.alternatives.models import Scores
from credit.alternatives.partitions import Partition
from credit.alternatives.variants import Variant, name_variant, score_variants
from credit.common.errors import CreditError
from credit.common.files import atomic_write
from credit.contract import Contract
from credit.data.tables import open_table
from credit.engine.identity import describe_process
from credit.selection.selection import SelectFeaturesParams

FILE = Path(".dvc/tmp/searched.parquet")
"""A column per variant, with the searched people of one partition after those of another."""

_BASIS = b"basis"


def hash_basis(
    files: Iterable[Path], partitions: Sequence[Partition], people: NDArray[np.bool_], settings: object
) -> str:
    """Hash all that the scores of a variant depend on besides itself: code, libraries, rows, folds and their features.

    files: that rows are read from. people: which of the judged rows are scored, shape (n,). settings: with a `repr` of
    their values.
    """
    digest = hashlib.sha256(repr((describe_process(), settings)).encode())
    for path in files:
        with path.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    digest.update(people.tobytes())
    for partition in partitions:
        kept = [list(fold.kept) for fold in partition.folds]
        digest.update(partition.codes.tobytes() + repr(kept).encode())
    return digest.hexdigest()


def score_new_variants(
    contract: Contract,
    selection: SelectFeaturesParams,
    partitions: Sequence[Partition],
    variants: Sequence[Variant],
    seed: int,
    basis: str,
) -> list[list[Scores]]:
    """Score as `score_variants` does, but for what an earlier search of this basis scored; keep all for the next."""
    searched = read_searched(FILE, basis, partitions)
    scores = score_variants(contract, selection, partitions, variants, seed, searched)
    write_searched(FILE, basis, partitions, variants, scores)
    return scores


def read_searched(path: Path, basis: str, partitions: Sequence[Partition]) -> dict[str, list[Scores]]:
    """Read the scores by variant, in each partition; {} where there are none, or they have another basis.

    What cannot be read is trained again, as what is not there.
    """
    try:
        opened = open_table(path)
        if (opened.schema_arrow.metadata or {}).get(_BASIS) != basis.encode():
            return {}
        table = opened.read()
    except (CreditError, OSError, pa.ArrowException):
        return {}
    cuts = np.cumsum([len(one.codes) for one in partitions])[:-1]
    return {name: np.split(table[name].to_numpy(), cuts) for name in table.column_names}


def write_searched(
    path: Path, basis: str, partitions: Sequence[Partition], variants: Sequence[Variant], scores: Sequence[list[Scores]]
) -> None:
    """Write the scores of the variants of this run, whole or not at all; without those that `predict` has."""
    trained = {
        name_variant(one): pa.array(np.concatenate(of))
        for one, of in zip(variants, scores, strict=True)
        if any(one.find_as_trained(partition) is None for partition in partitions)
    }
    table = pa.table(trained).replace_schema_metadata({_BASIS: basis})
    with atomic_write(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
