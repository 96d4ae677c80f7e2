"""The command `release`: from a trained pipeline to a live version, and back."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from credit.common.errors import run

COMMANDS = (
    "status", "rollback", "deploy", "check", "register", "publish", "sync", "history", "show", "compare", "export",
    "verify", "gc", "drill",
)  # fmt: skip
"""In the order of `release --help`: first what somebody needs who was woken up."""

EPILOG = """what is live, and back to the version before it:
  release status
  release rollback --env prod --reason 'turns away people without a degree'

nothing to go back to, or no time to think: the rule decides
  release rollback --env prod --to rule --reason '...'

Versions are git tags; what is live is in the store that RELEASE_STORE names (default: the folder .store)."""


def parser() -> argparse.ArgumentParser:
    """All subcommands. Imports nothing heavy: `release --help` must answer at once."""
    top = argparse.ArgumentParser(
        prog="release", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    subcommands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = _module(name)
        first = (module.__doc__ or "").partition("\n")[0]
        one = subcommands.add_parser(
            name,
            help=first,
            description=module.__doc__,
            epilog=f"example:\n  {module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.arguments(one)
        one.add_argument("--json", action="store_true", help="print JSON")
    return top


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one subcommand and print its answer."""
    args = parser().parse_args(arguments)
    try:
        answer = _module(args.command).run(args)
    except KeyboardInterrupt:
        print("interrupted: what is live is whole; release status says what it is, the same command again completes it",
              file=sys.stderr)  # fmt: skip
        sys.exit(130)
    try:
        print(json.dumps(answer.content, indent=2, ensure_ascii=False) if args.json else answer.text, flush=True)
    except BrokenPipeError:  # the reader has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(answer.code)


def _module(name: str) -> ModuleType:
    return import_module(f"release.commands.{name}")


if __name__ == "__main__":
    run(main)
