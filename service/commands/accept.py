"""Accept rows of the log that verify-log knows no origin of, up to the one with an ID

For what has an honest cause: a service that ran while the store was away, an erasure or a removal that was killed
before the store knew of it. ID is the last row that you looked at: verify-log names the last one of such a chain, and
the event of such an erasure. Up to there the chain must be whole as it is; the row gets a checkpoint, and verify-log
counts as accepted by hand what no other one covers. Who did it and why is an event of the log, and below log/accepted
in the release store, where nothing is overwritten."""

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.decision_log.integrity.acceptance import find_chain
from credit.decision_log.integrity.checkpoints import accept_chain
from credit.decision_log.people.events import build_event
from credit.registry.address import open_store
from service.people.opened_log import open_log

EPILOG = """example:
  python -m service accept 019a1b2c3d4e7f708192a3b4c5d6e7f8 --reason "The store was away, ticket 812\""""


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.argument("identifier", metavar="ID", help="of the last row that is accepted")
@click.option("--reason", required=True, help="why; it is noted in the log and in the store, so name nobody")
def run(identifier: str, reason: str) -> Answer:
    """Note it in the log, then accept the chain in the store."""
    store = open_store(make=False)
    with open_log() as log:
        chain = find_chain([log.database], store, identifier)
        writer, place, _ = chain.head
        detail = {"reason": reason, "table": chain.table, "writer": writer, "place": place}
        log.events.append(build_event("accept", log.caller, log.settings.environment, detail))
        accept_chain(store, chain, log.caller, reason)
    content = {"table": chain.table, "writer": writer, "place": place, "reason": reason}
    return Answer(content, f"{chain.table} of writer {writer[:8]}: accepted up to place {place:,}, nothing behind it")
