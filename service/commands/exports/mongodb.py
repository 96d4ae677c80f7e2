"""Follow the decision log into MongoDB, for analysts

EXPORT_MONGODB_URL is its address. A document for each decision, by its id, so that an export that is killed anywhere
goes on where it was and has everybody once; outcomes and erasures change it. Protected attributes are in the collection
`protected`, which needs rights of its own. Finds the log by SERVICE_DATABASE_URL and SERVICE_STATE,
and writes into it only who exports."""

import os
from typing import Any

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import CreditError, Problem
from service.commands.exports.options import add_export_options, run_export
from service.export.mongodb import MongoTarget


@click.command(cls=AnsweringCommand, help=__doc__)
@click.option("--database", default="credit", show_default=True, help="its name in MongoDB")
@add_export_options(10.0)
def run(database: str, **options: Any) -> Answer:
    """Export to MongoDB."""
    url = os.environ.get("EXPORT_MONGODB_URL")
    if not url:
        raise CreditError(Problem("EXPORT_MONGODB_URL", "nothing", "the address of MongoDB, mongodb://…"))
    target = MongoTarget(url, database)
    try:
        return run_export(target, "mongodb", **options)
    finally:
        target.close()
