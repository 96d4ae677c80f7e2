"""The decision service: serve the live version, make keys for it, recompute what it decided, decide a whole file."""

import argparse
from importlib import import_module
from types import ModuleType

from credit.common.errors import exit_on_interrupt, run_command
from service.settings import load_secret_files

COMMANDS = ("serve", "key", "replay", "score")


def main() -> None:
    """Run one subcommand."""
    top = argparse.ArgumentParser(prog="python -m service", description=__doc__)
    subcommands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = _import_command(name)
        one = subcommands.add_parser(
            name,
            help=(module.__doc__ or "").partition("\n")[0],
            description=module.__doc__,
            epilog=f"example:\n  {module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(one)
    args = top.parse_args()
    load_secret_files()
    _import_command(args.command).run(args)


def _import_command(name: str) -> ModuleType:
    return import_module(f"service.commands.{name}")


if __name__ == "__main__":
    exit_on_interrupt()
    run_command(main)
