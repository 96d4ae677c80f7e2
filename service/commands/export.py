"""Export the log for analysts: to MongoDB, or to Parquet by day"""

from credit.common.cli import LazyGroup

VERBS = {
    "mongodb": "Follow the log into MongoDB: decisions by their id, protected attributes in a collection of their own",
    "parquet": "Follow the log into a folder of Parquet, a file for each day",
}
"""Each subcommand and its line in `python -m service export --help`."""

EPILOG = """example:
  EXPORT_MONGODB_URL=mongodb://127.0.0.1 python -m service export mongodb --once
  python -m service export parquet analysts --once"""

run = LazyGroup("service.commands.exports", VERBS, name="export", help=__doc__, epilog=EPILOG)
