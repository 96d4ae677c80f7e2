"""Add a note to an entry of the ledger, which itself never changes: something that was learnt later"""

import click

from credit.common.cli import Answer
from credit.registry.address import open_store
from credit.registry.ledger import Ledger
from credit.registry.notes import append_note
from release.commands.options import StoreCommand, add_environment, parse_note
from release.repository.git import find_actor

EPILOG = """example:
  release note 3 --env prod --text 'Counsel found that the file of October had two columns swapped'
  release history --env prod    shows the notes below their entries"""


@click.command(cls=StoreCommand, help=__doc__, epilog=EPILOG)
@click.argument("entry", type=click.IntRange(min=1), help="its number, as release history shows it")
@add_environment()
@click.option("--text", type=parse_note, required=True, metavar="TEXT", help="what was learnt")
def run(entry: int, env: str, text: str) -> Answer:
    """Put a note beside an entry that exists."""
    store = open_store()
    noted = Ledger(store, env).read_entry(entry)
    note = append_note(store, env, noted, text, find_actor())
    words = f"{env}: note {note.number} on entry {entry}, the {noted.kind} of {noted.version}"
    return Answer(note.model_dump(mode="json"), f"{words}\nnext:  release history --env {env}")
