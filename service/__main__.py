"""The decision service: serve the live version, show what to send it, make keys, recompute decisions, decide files."""

from collections.abc import Sequence

from credit.common import cli
from credit.common.errors import exit_on_interrupt, run_command
from service.secret_files import load_secret_files

VERBS = {
    "serve": "Serve the live version; settings are SERVICE_… variables, and RELEASE_STORE says where versions are",
    "key": "Make an API key: printed once, kept as a hash in the file that SERVICE_KEYS_FILE names",
    "replay": "Recompute a decision of the log from the version that made it: same decision, score and reasons?",
    "example": "Print an application with all the fields that a version takes, as the API expects it",
    "score": "Decide a whole file of applications by any version, as the API would: CSV or Parquet, of any size",
}
"""Each subcommand and its line in `python -m service --help`."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one subcommand, with the variables that are files set before."""
    group = cli.LazyGroup("service.commands", VERBS, help=__doc__, callback=load_secret_files)
    cli.run(group, "python -m service", arguments)


if __name__ == "__main__":
    exit_on_interrupt()
    run_command(main)
