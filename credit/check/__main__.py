"""Check the contract, params.yaml and the waivers before a row is read: all that would stop a stage, at once."""

from pathlib import Path

import click

from credit.check.project import describe_check
from credit.common import cli
from credit.common.errors import run_command
from credit.common.params import locate_contract


@click.command(cls=cli.Command, help=__doc__, epilog="Run by `make repro` before the pipeline.")
@click.argument("contract", type=Path, required=False, help="a contract (default: the one that params.yaml names)")
def run(contract: Path | None) -> None:
    """Check, and print on what grounds."""
    cli.print_answer(describe_check(contract or locate_contract()))


if __name__ == "__main__":
    run_command(lambda: cli.run(run, "python -m credit.check"))
