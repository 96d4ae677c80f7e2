"""Erase what the log has about an applicant: inputs, protected values, reference, words of reviews and corrections

The decisions stay, with a hash of the values, so that the chain of the log holds. There is no way back."""

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.decision_log.people.applicants import find_decisions
from credit.decision_log.people.erasure import erase_applicant
from credit.decision_log.people.late_erasure import KEPT_DAYS
from service.people.opened_log import open_log, read_reference

EPILOG = """example:
  python -m service erase customer-4711 --reason "Asked for on 2026-11-23" --dry-run"""


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.argument("reference", help="as it was sent with the applications, or - for standard input")
@click.option("--reason", required=True, help="why; it is noted in the log, so name nobody")
@click.option("--dry-run", is_flag=True, help="count only")
def run(reference: str, reason: str, dry_run: bool) -> Answer:
    """Erase the personal values of every decision about them."""
    with open_log() as log:
        applicant = read_reference(reference, log.settings)
        if dry_run:
            found = [record["id"] for record in find_decisions(log.database, applicant)]
        else:
            found = erase_applicant(log.events, applicant, log.caller, reason)
    done = "would be erased" if dry_run else "is erased"
    content = {"applicant": applicant, "decisions": found, "dry_run": dry_run}
    said = f"{len(found):,} decisions about {applicant[:12]}: what they were made by {done}"
    late = f"; so is what waits in the spool of another machine, when it comes within {KEPT_DAYS} days"
    return Answer(content, said if dry_run else said + late)
