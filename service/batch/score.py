"""Decide every application of a file; rows that break the contract go to another file, with their problems."""

from functools import partial
from pathlib import Path

from tqdm import tqdm

from credit.engine.mapping import map_stream
from service.batch.block import build_schemas, decide_block
from service.batch.sink import open_sink
from service.batch.source import BLOCK_ROWS, open_source
from service.batch.tally import ScoringTally
from service.engine.loading import PackedVersion, load_packed


def score_file(packed: PackedVersion, path: Path, out: Path, rejected: Path) -> ScoringTally:
    """Write a decision per row of the file, or folder of files, to `out`; rows that break the contract to `rejected`.

    This process reads and writes; blocks of rows are decided wherever the engine computes.
    Raises CreditError, and writes neither, when a column is missing or the file is not readable to its end.
    """
    source = open_source(path, load_packed(packed).bundle)
    tally, total = ScoringTally(source.ignored), source.count_rows()
    schemas = build_schemas(source.id_type)
    work, blocks = partial(decide_block, packed, schemas), -(-total // BLOCK_ROWS)
    with (
        open_sink(rejected, schemas.rejections) as set_aside,
        open_sink(out, schemas.decisions) as write,
        tqdm(total=total, desc="score", unit=" rows", disable=None) as progress,
    ):
        for decided in map_stream(work, source.stream_blocks(), blocks, "score"):
            write(decided.decisions)
            set_aside(decided.rejections)
            tally.add(decided.tally)
            progress.update(decided.tally.rows)
    return tally
