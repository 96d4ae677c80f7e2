"""Print an application with all the fields that a version takes, as the API expects it

What clients send has to hold every field before a version is live that reads more of them: an application that lacks
one is refused. The values are made up, or of groups of the data, and no person's."""

import json

import click

from credit.common.cli import Command, print_answer
from credit.registry.address import open_store
from service.engine.loading import load_packed, pack_version
from service.version_options import add_version_options

EPILOG = """example:
  python -m service example --version v2.0.0 > application.json
  curl --json @application.json http://127.0.0.1:8000/v1/decisions"""


@click.command(cls=Command, help=__doc__, epilog=EPILOG)
@add_version_options
def run(version: str | None, env: str) -> None:
    """Print the example of the version."""
    serving = load_packed(pack_version(open_store(), env, version))
    print_answer(json.dumps(serving.build_example(), indent=2, ensure_ascii=False))
