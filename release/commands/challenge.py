"""Let a version decide beside the live one, for nobody, and log what it would have decided

The services score each application with it after the applicant was answered. It says beforehand how many applications
it will take to see a difference, from the newest ones in the log that SERVICE_DATABASE_URL and SERVICE_STATE name;
release compare --live judges what came."""

from typing import Any

import click

from credit.common.cli import Answer
from credit.common.errors import CreditError, Problem
from credit.decision_log.locate import has_log, locate_in_environment, open_read_only
from credit.registry.address import open_store
from credit.registry.challenges import Challenges
from credit.registry.store import Store
from release.challenge.admission import Contest, admit_challenger, find_ended
from release.challenge.forecast import Forecast, try_prediction
from release.challenge.wording import describe_forecast, dump_forecast
from release.commands.options import StoreCommand, add_dry_run, add_environment, add_reason
from release.deployment.way_back import read_current_entry
from release.repository.git import find_actor
from release.watching.settings import Settings, read_settings

EPILOG = """example:
  release challenge v2.1.0 --env prod --shadow --reason 'fewer denials in the folds'
  release compare --live --env prod
  release challenge --end --env prod --reason 'enough was seen'"""


@click.command(cls=StoreCommand, help=__doc__, epilog=EPILOG)
@click.argument("version", required=False, help="a published version, such as v1.2.0")
@add_environment()
@click.option("--shadow", is_flag=True, help="decide beside, for nobody: no applicant is treated by it")
@click.option("--end", is_flag=True, help="end the challenge; what was logged stays")
@click.option(
    "--difference",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.02,
    show_default=True,
    metavar="SHARE",
    help="the share of applicants, approved more or fewer on balance, that is to be seen",
)
@add_reason
@add_dry_run
def run(
    version: str | None, env: str, shadow: bool, end: bool, difference: float, reason: str, dry_run: bool
) -> Answer:
    """Begin a challenge, or end the one that is on: one record beside the ledger."""
    if end == shadow or end == (version is not None):
        expected = "a version and --shadow, or --end alone"
        raise CreditError(Problem("release challenge", "neither a begin nor an end, or both", expected))
    store = open_store()
    if version is None:
        return _end(store, env, reason, dry_run)
    settings = read_settings(env)
    contest = admit_challenger(store, env, version.strip())
    forecast, why_not = _predict(store, settings, contest, difference)
    record = contest.current
    if record is None and not dry_run:
        of = (contest.record.version, contest.record.digest)
        book = Challenges(store, env)
        needed = forecast.everybody.any_look if forecast and forecast.everybody else None
        record = book.append("shadow", of, contest.live.number, reason, find_actor(), contest.after, needed)
    content: dict[str, Any] = {
        "environment": env,
        "challenge": record.model_dump(mode="json", exclude_none=True) if record else None,
        "champion": contest.live.version,
        "notes": contest.notes,
        "forecast": dump_forecast(forecast) if forecast else None,
    }
    lines = [_describe_begin(env, contest, dry_run)]
    lines += describe_forecast(forecast) if forecast else [f"takes: not known, {why_not}"]
    lines += [f"note:  {line}" for line in contest.notes]
    lines += [] if dry_run else [f"undo:  release challenge --end --env {env} --reason '...'"]
    lines += [f"next:  release compare --live --env {env}"]
    return Answer(content | ({"dry_run": True} if dry_run else {}), "\n".join(lines))


def _describe_begin(env: str, contest: Contest, dry_run: bool) -> str:
    challenger, champion = contest.record.version, contest.live.version
    if contest.current is not None:
        return f"{env}: {challenger} challenges {champion} already, since record {contest.current.number}"
    does = "would challenge" if dry_run else "challenges"
    return f"{env}: {challenger} {does} {champion} as its shadow, and decides about nobody"


def _end(store: Store, env: str, reason: str, dry_run: bool) -> Answer:
    current, last = find_ended(store, env)
    content: dict[str, Any] = {
        "environment": env,
        "ended": current.model_dump(mode="json", exclude_none=True) if current else None,
    }
    if dry_run:
        what = f"the challenge by {current.version}, record {current.number}" if current else f"record {last}"
        return Answer(content | {"challenge": None, "dry_run": True}, f"would end: {env} {what}")
    named: tuple[str, str, int]  # an end names a version: the live one where that of the record cannot be read
    if current:
        named = current.version, current.digest, current.entry
    else:
        live = read_current_entry(store, env)
        named = live.version, live.digest, live.number
    made = Challenges(store, env).append("end", named[:2], named[2], reason, find_actor(), last)
    lines = [f"{env}: record {last}, which this code cannot read, is left behind; nobody challenges"]
    if current:
        lines = [
            f"{env}: the challenge by {current.version} is ended; what it would have decided stays in the log",
            f"undo:  release challenge {current.version} --env {env} --shadow --reason '...'",
        ]
    return Answer(content | {"challenge": made.model_dump(mode="json", exclude_none=True)}, "\n".join(lines))


def _predict(store: Store, settings: Settings, contest: Contest, difference: float) -> tuple[Forecast | None, str]:
    where, alpha = locate_in_environment(), settings.params.better_alpha
    if not has_log(*where):
        return None, "no decision log here; SERVICE_STATE and SERVICE_DATABASE_URL say where it is"
    try:
        with open_read_only(*where) as databases:
            environment, live, record = settings.environment, contest.live, contest.record
            return try_prediction(store, databases, environment, live, record, difference, alpha)
    except CreditError as error:
        return None, str(error.problems[0])
