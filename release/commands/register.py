"""Check, then make this commit a version: an annotated git tag"""

import argparse
from typing import Any

from credit.common.cli import Answer
from credit.common.errors import CreditError

EXAMPLE = "release register -m 'features without the area'"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The version, and what is said of it."""
    from release.commands.options import add_bump, add_dry_run, add_push

    parser.add_argument(
        "-m", "--message", required=True, type=_parse_message, help="what changed, for whoever reads the tag"
    )
    add_bump(parser)
    add_push(parser)
    add_dry_run(parser)


def _parse_message(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("an empty message; say what changed in a few words")
    return text


def run(args: argparse.Namespace) -> Answer:
    """Tag HEAD, through GTO."""
    from release.commands.options import choose_version
    from release.registration.checks import check_readiness
    from release.registration.publish import register_version
    from release.repository import tags

    registry = tags.read_registry()
    version, bump = choose_version(args, registry)
    checked = check_readiness(registry, version)
    if checked.problems:
        raise CreditError(checked.problems)
    content: dict[str, Any] = {"version": str(version), "tag": version.tag, "bump": bump.part, "why": bump.why}
    content |= {"commit": checked.commit, "digest": checked.digest, "notes": checked.notes, "dry_run": args.dry_run}
    lines = [f"note: {note}" for note in checked.notes]
    if args.dry_run:
        lines += [f"would register {version} at {checked.commit[:10]} ({bump.part}: {bump.why})"]
        return Answer(content, "\n".join(lines))
    register_version(version, checked, args.message)
    if args.push:
        tags.push_tag(version.tag)
    lines += [f"registered {version} at {checked.commit[:10]} ({bump.part}: {bump.why})"]
    lines += [f"tag:   {version.tag}, " + ("pushed" if args.push else f"here only; git push origin {version.tag}")]
    lines += [f"undo:  gto deprecate credit-model {version}    (a version is never moved or reused)"]
    lines += [f"next:  release deploy {version} --env staging --reason '...'"]
    return Answer(content, "\n".join(lines))
