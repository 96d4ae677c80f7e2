"""Note beside a decision which of its values were wrong, and the right ones

What a decision was made by stays as it is: the correction is an event beside it, which `find --out` exports."""

import json
from typing import Any

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import CreditError, Problem
from credit.decision_log.people.applicants import correct_decision
from service.people.opened_log import open_log

EPILOG = """example:
  python -m service correct 019a1b2c3d4e7f708192a3b4c5d6e7f8 --value income=5200 --reason "A typing error\""""


def _parse_value(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign:
        raise click.BadParameter(f"found {text!r}, expected NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.argument("identifier", metavar="ID", help="of the decision")
@click.option("--value", "values", type=_parse_value, multiple=True, required=True, help="NAME=VALUE; may be repeated")
@click.option("--reason", required=True, help="why it is another value")
def run(identifier: str, values: tuple[tuple[str, Any], ...], reason: str) -> Answer:
    """Note the correction."""
    with open_log() as log:
        record = log.database.find(identifier)
        if record is None:
            raise CreditError(Problem(f"the decision log {log.database}", f"no decision {identifier}"))
        correct_decision(log.events, record, dict(values), log.caller, reason)
    names = [name for name, _ in values]
    return Answer({"id": identifier, "corrected": names}, f"{identifier}: noted the right values of {', '.join(names)}")
