"""List the settings that only a person can make on GitHub, as a page

Environments, variables, secrets and the rules of main, as the workflows need them."""

from pathlib import Path

import click

from credit.common.cli import Answer, AnsweringCommand
from release.doctor.checklist import CHECKLIST_FILE, render_checklist

EPILOG = f"""example:
  release checklist
  release checklist > {CHECKLIST_FILE}

`make adopt` writes it; the boxes are for whoever does it."""


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
def run() -> Answer:
    """Print the page."""
    page = render_checklist(Path())
    return Answer({"page": page}, page.rstrip("\n"))
