"""Decide a whole file of applications by any version, as the API would: CSV or Parquet, of any size

FILE has the raw columns of the version's contract, in any order. The label and protected columns need not be there;
columns that the version does not need are ignored. Codes for missing values mean what they mean in training. Rows that
break the contract are rejected with their problems; that is no error. Files are written whole or not at all."""

from pathlib import Path
from typing import Any

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import Problem, raise_if_any
from credit.registry.address import open_store
from service.batch.score import score_file
from service.batch.sink import check_ending
from service.batch.tally import ScoringTally
from service.engine.loading import PackedVersion, pack_version
from service.version_options import add_version_options

EPILOG = """example:
  python -m service score applications.csv --out decisions.parquet
  python -m service score applications/ --version v1.2.0 --out decisions.csv --rejected rejected.csv

columns of OUT:
  row (from 1; of a folder, over all files in the order of their names), id (the contract's, if FILE has it),
  decision, score, reasons, decided_by, rule_because, version, digest"""


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path), help="CSV or Parquet, or a folder of such files")
@add_version_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="the decisions: a file ending in .parquet or .csv",
)
@click.option(
    "--rejected",
    type=click.Path(path_type=Path),
    help="rejected rows (default: beside OUT, .rejected in its name)",
)
def run(file: Path, version: str | None, env: str, out: Path, rejected: Path | None) -> Answer:
    """Write both files and count which rows became what."""
    rejected_out = rejected or out.with_suffix(f".rejected{out.suffix}")
    problems = [*check_ending(out), *(check_ending(rejected) if rejected else [])]
    there = [file.resolve()]
    for path in (out, rejected_out):
        if path.resolve() in there or file.resolve() in path.resolve().parents:
            problems.append(Problem(str(path), "the path of another input or output", "a path of its own"))
        there.append(path.resolve())
    raise_if_any(problems)
    packed = pack_version(open_store(), env, version)
    tally = score_file(packed, file, out, rejected_out)
    content = _summarize_tally(packed, tally) | {"out": str(out), "rejected_out": str(rejected_out)}
    return Answer(content, _format_text(content))


def _summarize_tally(packed: PackedVersion, tally: ScoringTally) -> dict[str, Any]:
    return {
        "version": packed.entry.version,
        "digest": packed.entry.digest,
        "rows": tally.rows,
        "decided": tally.decided,
        "decisions": {outcome: tally.decisions[outcome] for outcome in ("approve", "refer", "deny")},
        "by_rule": dict(tally.by_rule),
        "rejected": tally.rows - tally.decided,
        "broken": [
            {"column": column, "expected": expected, "rows": count}
            for (column, expected), count in sorted(tally.broken.items())
        ],
        "folded": [
            {"column": column, "into": into, "rows": count} for (column, into), count in sorted(tally.folded.items())
        ],
        "ignored": list(tally.ignored),
    }


def _format_text(content: dict[str, Any]) -> str:
    outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in content["decisions"].items())
    lines = [f"{content['decided']:,} of {content['rows']:,} rows decided by {content['version']}: {outcomes}"]
    lines += [f"  {count:,} by the rule: {because}" for because, count in content["by_rule"].items()]
    lines += [f"{content['rejected']:,} rows rejected: they break the contract"]
    lines += [f"  {b['rows']:,} by {b['column']}, expected {b['expected']}" for b in content["broken"]]
    lines += [f"{f['rows']:,} rows with another level of {f['column']} count as {f['into']}" for f in content["folded"]]
    if content["ignored"]:
        lines += [f"ignored, since this version does not need them: {', '.join(content['ignored'])}"]
    return "\n".join([*lines, f"written: {content['out']}, {content['rejected_out']}"])
