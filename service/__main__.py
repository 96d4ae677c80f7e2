"""The decision service: serve the live version, make keys, decide files; recompute, verify, find, erase, export."""

from collections.abc import Sequence

from credit.common import cli
from credit.common.errors import exit_on_interrupt, run_command

VERBS = {
    "serve": "Serve the live version; settings are SERVICE_… variables, and RELEASE_STORE says where versions are",
    "key": "Make, list, replace and revoke API keys, of which the file that SERVICE_KEYS_FILE names keeps hashes",
    "replay": "Recompute a decision of the log from the version that made it: same decision, score and reasons?",
    "verify-log": "Check that the decision log is as it was written: no row altered, deleted, inserted or reordered",
    "accept": "Accept rows of the log that verify-log knows no origin of, up to the one with an ID",
    "migrate": "Bring the tables of the decision log up to date, before services of this version start",
    "find": "Find the decisions about an applicant, or export all that the log has about them",
    "correct": "Note beside a decision which of its values were wrong, and the right ones",
    "erase": "Erase what the log has about an applicant: inputs, protected values, reference, words of reviews and "
    "corrections",
    "expire": "Erase inputs and protected values of decisions older than SERVICE_RETENTION_MONTHS, remove old months",
    "export": "Export the log for analysts: to MongoDB, or to Parquet by day",
    "example": "Print an application with all the fields that a version takes, as the API expects it",
    "score": "Decide a whole file of applications by any version, as the API would: CSV or Parquet, of any size",
}
"""Each subcommand and its line in `python -m service --help`."""


def _load_secret_files() -> None:
    """Load variables from files, before a subcommand; help needs none, and imports nothing for it."""
    from credit.registry.address import load_secret_files

    load_secret_files()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one subcommand, with the variables that are files set before."""
    group = cli.LazyGroup("service.commands", VERBS, help=__doc__, callback=_load_secret_files)
    cli.run(group, "python -m service", arguments)


if __name__ == "__main__":
    exit_on_interrupt()
    run_command(main)
