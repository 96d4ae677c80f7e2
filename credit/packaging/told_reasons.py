"""Count what people who are not approved would be told: a reviewer sees which reasons carry the denials."""

from collections import Counter
from pathlib import Path

import pyarrow as pa

from credit.data.tables import open_table, read_spaced_rows
from credit.reports.candidate import ToldReasons
from credit.scoring.model import Model

TEST_ROWS = 5000
"""Evenly spaced test rows that are decided, at most."""


def count_told_reasons(model: Model, test: Path) -> ToldReasons:
    """Count the people of the test rows who are not approved, and of them those who are given each reason."""
    frame = read_spaced_rows(open_table(test), model.features, TEST_ROWS)
    decided = model.decide(pa.Table.from_pandas(frame, preserve_index=False).to_pylist())
    adverse = [one for one in decided if one.decision != "approve"]
    codes = Counter(code for one in adverse for code in one.reason_codes)
    return ToldReasons(people=len(adverse), codes=dict(sorted(codes.items(), key=lambda item: (-item[1], item[0]))))
