"""What variants scored in an earlier search here, so that a later one trains only those that are new.

A change of one candidate's hyperparameters, of a threshold or of a limit leaves most variants as they are, and half of
the stage's time goes into their training. The file lies where DVC keeps what is of this folder alone; without it, or
with one of other rows, code, packages or another folder, everything is trained, with the same scores.
"""

import hashlib
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from credit.alternatives.fold_scores import score_variants
from credit.alternatives.models import Scores
from credit.alternatives.partitions import Partition
from credit.alternatives.variants import Variant, name_variant
from credit.common.files import atomic_write
from credit.contract import Contract
from credit.engine.identity import describe_process
from credit.selection.selection import SelectFeaturesParams

FILE = Path(".dvc/tmp/searched")
"""A line with the hash of what follows, then Parquet: a column per variant that was trained, with the people of one
partition after those of another."""


def hash_basis(
    files: Iterable[Path], partitions: Sequence[Partition], people: NDArray[np.bool_], settings: object
) -> str:
    """Hash all that the scores of a variant depend on besides itself: code, libraries, rows, folds and their features.

    files: that rows are read from. people: which of the judged rows are scored, shape (n,). settings: with a `repr` of
    their values.
    """
    digest = hashlib.sha256(repr((describe_process(), _list_packages(), settings)).encode())
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
    """Read the scores by variant, in each partition; {} where there are none, of another basis, or they are damaged."""
    try:
        digest, content = path.read_bytes().split(b"\n", 1)
    except (OSError, ValueError):
        return {}
    if digest.decode(errors="replace") != _hash_content(basis, content):
        return {}
    table = pq.read_table(io.BytesIO(content))
    cuts = np.cumsum([len(one.codes) for one in partitions])[:-1]
    return {name: np.split(table[name].to_numpy(), cuts) for name in table.column_names}


def write_searched(
    path: Path, basis: str, partitions: Sequence[Partition], variants: Sequence[Variant], scores: Sequence[list[Scores]]
) -> None:
    """Write the scores of the variants of this run, whole or not at all; without those that `predict` has.

    Where they cannot be written that is said, and the next search trains all again.
    """
    trained = {
        name_variant(one): pa.array(np.concatenate(of))
        for one, of in zip(variants, scores, strict=True)
        if any(one.find_as_trained(partition) is None for partition in partitions)
    }
    content = io.BytesIO()
    pq.write_table(pa.table(trained), content, compression="zstd")
    digest = _hash_content(basis, content.getvalue())
    try:
        with atomic_write(path) as temporary:
            temporary.write_bytes(digest.encode() + b"\n" + content.getvalue())
    except OSError as error:
        told = f"{path}: the scores could not be kept: {error.strerror}; the next search trains all again"
        print(told, file=sys.stderr)


def _hash_content(basis: str, content: bytes) -> str:
    """Hash the scores with what they depend on, so that neither others nor damaged ones are taken for them."""
    return hashlib.sha256(basis.encode() + content).hexdigest()


def _list_packages() -> list[str]:
    """List the packages that can be imported here, each with its version: a candidate may use any of them."""
    return sorted({path.name for folder in sys.path for path in Path(folder).glob("*.dist-info")})
