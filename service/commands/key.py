"""Make an API key: printed once, kept as a hash in the file that SERVICE_KEYS_FILE names"""

import argparse
from pathlib import Path

from credit.common.errors import CreditError, Problem

EXAMPLE = "SERVICE_KEYS_FILE=keys.json python -m service key branch-office --role decide"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose key it is, and what it is good for."""
    parser.add_argument("name", help="whose key it is; the decision log keeps it with each decision")
    parser.add_argument(
        "--role",
        action="append",
        choices=("decide", "read"),
        required=True,
        help="what it is good for; may be repeated",
    )
    parser.add_argument("--file", type=Path, help="where the hashes are (default: SERVICE_KEYS_FILE)")


def run(args: argparse.Namespace) -> None:
    """Print the key, which cannot be had again."""
    import os
    import sys

    from service.api.auth import make_key

    file = args.file or Path(os.environ.get("SERVICE_KEYS_FILE", ""))
    if file == Path():
        raise CreditError(Problem("--file", "nothing", "a file for the hashes", "or set SERVICE_KEYS_FILE"))
    print(make_key(file, args.name, tuple(dict.fromkeys(args.role))))
    print(f"this is shown once; its hash is in {file}; services read it when they start", file=sys.stderr)
