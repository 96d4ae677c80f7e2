"""Inside the data: rows that came, went or changed, and the columns whose values differ most."""

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from credit.contract import Contract
from credit.data.sql_text import scan_parquet_sql
from release.compare.same_people import match_rows
from release.compare.sides import Sides

_MOST_COLUMNS = 5
_BINS = 10


def describe_data(contract: Contract, tables: Sides[Path]) -> list[str]:
    """Describe how two judged tables differ: counts of rows, then the columns that differ most, a line each."""
    frames = tables.map(_read)
    ids = [name for name in contract.find_by_role("id") if all(name in frame for frame in frames)]
    lines = [_count_rows(frames, ids) if ids else _count_whole_rows(contract, frames, tables)]
    shared = [str(name) for name in frames.head if name in frames.base and name not in ids]
    lines += [f"column {name} is new" for name in frames.head if name not in frames.base]
    lines += [f"column {name} is gone" for name in frames.base if name not in frames.head]
    moved = [(measure_shift(frames.base[name], frames.head[name]), name) for name in shared]
    worst = sorted((one for one in moved if one[0] > 0), reverse=True)[:_MOST_COLUMNS]
    return [*lines, *(_describe_column(name, frames, shift) for shift, name in worst)]


def _read(table: Path) -> pd.DataFrame:
    return duckdb.connect().execute(f"SELECT * FROM {scan_parquet_sql([table])}").df()


def _count_rows(frames: Sides[pd.DataFrame], ids: list[str]) -> str:
    before, after = frames.map(lambda frame: frame.set_index(ids))
    both = before.index.intersection(after.index)
    columns = [name for name in after if name in before]
    old, new = before.loc[both, columns], after.loc[both, columns]
    changed = int((~((old == new) | (old.isna() & new.isna()))).any(axis=1).sum())
    return _word_counts(len(after) - len(both), len(before) - len(both), changed)


def _count_whole_rows(contract: Contract, frames: Sides[pd.DataFrame], tables: Sides[Path]) -> str:
    same = len(match_rows(Sides(contract, contract), tables).base)
    return _word_counts(len(frames.head) - same, len(frames.base) - same, None)


def _word_counts(added: int, gone: int, changed: int | None) -> str:
    told = f"{added:,} rows added, {gone:,} gone"
    return f"{told} (a changed row counts as both: no id)" if changed is None else f"{told}, {changed:,} changed"


def measure_shift(before: "pd.Series[Any]", after: "pd.Series[Any]") -> float:
    """Measure how far the shares of a column's values differ: χ² by row (half the sum of (a-b)²/(a+b)).

    Missing is a value; numbers are cut at tenths of both. 0: the same shares; 1: no value in common.
    """
    shares = [_share(cut) for cut in _cut(before, after)]
    first, second = shares[0].align(shares[1], fill_value=0.0)
    total = first + second
    return float((((first - second) ** 2) / total.where(total > 0, 1)).sum() / 2)


def _cut(before: "pd.Series[Any]", after: "pd.Series[Any]") -> tuple["pd.Series[Any]", "pd.Series[Any]"]:
    if not pd.api.types.is_numeric_dtype(before) or before.nunique() <= _BINS:
        return before, after
    values = pd.concat([before, after]).dropna().to_numpy(dtype=float)
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1]))
    cut = [
        pd.Series(np.where(one.isna(), -1, np.searchsorted(edges, one.fillna(0).astype(float), side="right")))
        for one in (before, after)
    ]
    return cut[0], cut[1]


def _share(values: "pd.Series[Any]") -> "pd.Series[float]":
    return values.astype(object).where(values.notna(), "missing").astype(str).value_counts(normalize=True)


def _describe_column(name: str, frames: Sides[pd.DataFrame], shift: float) -> str:
    missing = frames.map(lambda frame: f"{frame[name].isna().mean():.1%}")
    told = f"column {name}: χ² {shift:.3f}"
    if pd.api.types.is_numeric_dtype(frames.head[name]) and pd.api.types.is_numeric_dtype(frames.base[name]):
        means = frames.map(lambda frame: f"{frame[name].astype(float).mean():.4g}")
        told += f", mean {means.base} → {means.head}"
    return told + (f", missing {missing.base} → {missing.head}" if missing.has_changed else "")
