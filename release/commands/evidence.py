"""Write what an examiner asks for: a folder and a zip, clause by clause, verified offline

Every clause has a file, or says what a person must supply, or why it does not apply. The places are the files of
release/evidence/places/, with the date on which the law was read. Signed with RELEASE_SIGNING_KEY, if it is set."""

from pathlib import Path
from typing import get_args

import click

from credit.common.cli import Answer
from credit.common.dates import parse_time
from credit.registry.address import open_store
from credit.registry.names import parse_version
from release.commands.options import StoreCommand
from release.evidence.chapters import find_subject
from release.evidence.folder import make_evidence, write_evidence
from release.evidence.mapping import State, list_places
from release.repository.tags import read_registry

DEFAULT_FOLDER = Path("evidence")

EPILOG = """example:
  release evidence v1.2.0 --for us
  release evidence v1.2.0 --at 2026-11-23T04:30 --for eu --for colorado"""


@click.command(cls=StoreCommand, help=__doc__, epilog=EPILOG)
@click.argument("version", help="a registered and published version")
@click.argument("folder", required=False, type=click.Path(path_type=Path), help="default: evidence/VERSION")
@click.option("--at", metavar="TIME", help="leave out what came later; ISO 8601, UTC unless it names a zone")
@click.option("--for", "places", multiple=True, type=click.Choice(list_places()), help="a place (default: all)")
def run(version: str, folder: Path | None, at: str | None, places: tuple[str, ...]) -> Answer:
    """Write the evidence of a version."""
    wanted = parse_version(version)
    subject = find_subject(open_store(), read_registry(), wanted, parse_time(at) if at else None)
    content, index = make_evidence(subject, sorted(set(places)) or list_places())
    target = folder or DEFAULT_FOLDER / str(wanted)
    archive = write_evidence(content, target)
    states = [one["state"] for one in index["clauses"]]
    counts = {state: states.count(state) for state in get_args(State)}
    signed = "index.dsse.json" in content
    lines = [f"{wanted}: {target} and {archive}, {len(content)} files"]
    lines += [f"clauses: {', '.join(f'{count} {state}' for state, count in counts.items())}"]
    lines += [f"not found: {line}" for line in index["not_found"]]
    lines += [] if signed else ["note: not signed; set RELEASE_SIGNING_KEY and write it again"]
    lines += [f"next:  python3 {target}/verify.py"]
    return Answer({"folder": str(target), "zip": str(archive), "signed": signed, **index}, "\n".join(lines))
