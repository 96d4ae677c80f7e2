"""Follow the decision log into a folder of Parquet, for analysts

A file for each day, written again from the log when something of it is new, an outcome or an erasure too: so an export
that is killed anywhere has everybody once. The busiest day is written again at each look: look every few minutes.
Protected attributes are in files of their own. Finds the log by SERVICE_DATABASE_URL and SERVICE_STATE,
and writes into it only who exports."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from credit.common.cli import Answer, AnsweringCommand
from service.commands.exports.options import add_export_options, run_export
from service.export.parquet import ParquetTarget


@click.command(cls=AnsweringCommand, help=__doc__)
@click.argument("folder", type=click.Path(path_type=Path), help="where the files go")
@add_export_options(300.0)
def run(folder: Path, **options: Any) -> Answer:
    """Export to Parquet."""
    target = ParquetTarget(folder)
    with nullcontext() if options["compare"] else target.reserve():
        return run_export(target, "parquet", **options)
