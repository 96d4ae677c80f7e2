"""Find the decisions about an applicant, or export all that the log has about them

REFERENCE is the one that was sent as `applicant`; - reads it from standard input, so that no history of a shell has
it. Needs SERVICE_APPLICANT_KEY, by which references are hashed. The look-up is noted in the log."""

from pathlib import Path

import click
from pydantic_core import to_json, to_jsonable_python

from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import CreditError, Problem
from credit.common.files import write_text
from credit.decision_log.people.applicants import export_decision, find_decisions
from credit.decision_log.people.events import build_event
from service.people.opened_log import open_log, read_reference

EPILOG = """example:
  python -m service find customer-4711
  python -m service find - --out export.json"""


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.argument("reference", help="as it was sent with the applications, or - for standard input")
@click.option("--out", type=click.Path(path_type=Path), help="write everything there, as JSON")
def run(reference: str, out: Path | None) -> Answer:
    """List the decisions, or write all of it."""
    if out is not None and out.exists():
        raise CreditError(Problem(str(out), "a file that is there already", fix="name another one"))
    with open_log() as log:
        applicant = read_reference(reference, log.settings)
        found = find_decisions(log.database, applicant)
        detail = {"decisions": [record["id"] for record in found]}  # not whose: an erasure could not take it back
        log.events.append(build_event("export" if out else "look_up", log.caller, None, detail))
        content = [export_decision(log.database, record) for record in found] if out else []
    if out is not None:
        write_text(out, to_json(content, indent=2).decode() + "\n")
        out.chmod(0o600)
    lines = [f"{one['decided_at']:%Y-%m-%d %H:%M} {one['id']} {one['decision']}, by {one['version']}" for one in found]
    lines += [f"{len(found):,} decisions about {applicant[:12]}" + (f", written to {out}" if out else "")]
    listed = [{"id": one["id"], "decided_at": one["decided_at"], "decision": one["decision"]} for one in found]
    return Answer({"applicant": applicant, "decisions": to_jsonable_python(listed)}, "\n".join(lines))
