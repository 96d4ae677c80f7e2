"""Check, then make this commit a version: an annotated git tag"""

from typing import Any

import click

from credit.common.cli import Answer
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.registry.names import ARTIFACT, ENVIRONMENTS, Version
from release.commands.options import StoreCommand, add_bump, add_dry_run, add_push
from release.registration.checks import Readiness, check_readiness
from release.registration.provenance import KEYS_FOLDER, format_signature, sign_version
from release.registration.rebuild import rebuild_from_source
from release.repository import tags
from release.repository.next_version import choose_version

EPILOG = """example:
  release register -m 'features without the area'"""


def register_version(version: Version, checked: Readiness, message: str, signature: bytes | None) -> None:
    """Tag a commit that was checked, with the digest of its bundle and its signed origin.

    Raises CreditError when GTO refuses.
    """
    from gto.api import register as gto_register  # a second, which only a commit that may be a version needs
    from gto.exceptions import GTOException

    annotation = f"{message.strip()}\n\ndigest: {checked.digest}\n"
    annotation += f"{format_signature(signature)}\n" if signature else ""
    try:
        gto_register(".", ARTIFACT, checked.commit, version=str(version), message=annotation, stdout=False)
    except GTOException as error:
        raise CreditError(Problem(f"git tag {version.tag}", f"refused by GTO: {error}")) from None


def _parse_message(text: str) -> str:
    if not text.strip():
        raise click.BadParameter("an empty message; say what changed in a few words")
    return text


@click.command(cls=StoreCommand, help=__doc__, epilog=EPILOG)
@click.option(
    "-m", "--message", required=True, type=_parse_message, metavar="TEXT", help="what changed, for readers of the tag"
)
@add_bump
@add_push
@click.option(
    "--from-source",
    is_flag=True,
    help="run every stage again first, and refuse when one gives other files than dvc.lock",
)
@add_dry_run
def run(message: str, version: str | None, push: bool, from_source: bool, dry_run: bool, **parts: bool) -> Answer:
    """Tag HEAD, through GTO."""
    registry = tags.read_registry()
    chosen, bump = choose_version(registry, version, parts)
    checked = check_readiness(registry, chosen)
    rebuilt = rebuild_from_source(checked.commit) if from_source and not checked.problems else []
    raise_if_any([*checked.problems, *rebuilt])
    signature = sign_version(chosen, checked.commit, checked.digest or "", from_source)
    content: dict[str, Any] = {"version": str(chosen), "tag": chosen.tag, "bump": bump.part, "why": bump.why}
    content |= {"commit": checked.commit, "digest": checked.digest, "notes": checked.notes, "dry_run": dry_run}
    content |= {"from_source": from_source, "signed": signature is not None}
    lines = [f"note: {note}" for note in checked.notes]
    if dry_run:
        lines += [f"would register {chosen} at {checked.commit[:10]} ({bump.part}: {bump.why})"]
        return Answer(content, "\n".join(lines))
    register_version(chosen, checked, message, signature)
    if push:
        tags.push_new_tag(chosen.tag)
    lines += [f"registered {chosen} at {checked.commit[:10]} ({bump.part}: {bump.why})"]
    lines += [f"tag:   {chosen.tag}, " + ("pushed" if push else f"here only; git push origin {chosen.tag}")]
    lines += [] if signature else [f"note: not signed, as main has no key in {KEYS_FOLDER}/; release key makes one"]
    lines += [f"undo:  gto deprecate {ARTIFACT} {chosen}    (a version is never moved or reused)"]
    lines += [f"next:  release deploy {chosen} --env {ENVIRONMENTS[0]} --reason '...'"]
    return Answer(content, "\n".join(lines))
