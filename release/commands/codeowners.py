"""Write .github/CODEOWNERS: who has to approve a change of what judges"""

from pathlib import Path

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import CreditError, Problem
from credit.common.files import write_text
from release.judge.owners import FILE, MARKER, is_owner, render_owners

EPILOG = """example:
  release codeowners @your-organisation/model-risk

On GitHub, require reviews of code owners, and the checks gates, tests and results, in the rules of main."""


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.argument("owners", nargs=-1, required=True, help="@user, @organisation/team or an address, one or more")
def run(owners: tuple[str, ...]) -> Answer:
    """Write the file, unless a person wrote the one that is there."""
    if wrong := [name for name in owners if not is_owner(name)]:
        raise CreditError(Problem("codeowners", ", ".join(wrong), "@user, @organisation/team or an address"))
    path = Path(FILE)
    if path.exists() and MARKER not in path.read_text(encoding="utf-8"):
        raise CreditError(Problem(FILE, "is not written by this command", fix="remove it, or add to it by hand"))
    write_text(path, render_owners(owners))
    return Answer({"file": FILE, "owners": list(owners)}, f"wrote {FILE}; git add it, and require its reviews on main")
