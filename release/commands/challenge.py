"""Let a version decide beside the live one: for nobody, or about a share of the applicants

With --shadow the services score each application with it after the applicant was answered, and log what it would have
decided. With --split they deal each applicant to one of the two by chance, and the same applicant to the same one, for
the days that are said, and no longer; whoever is alike may be decided otherwise, so --shadow comes first. Both say
beforehand how many applications it will take to see a difference, from the newest ones in the log that
SERVICE_DATABASE_URL and SERVICE_STATE name; release compare --live judges what came."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from credit.common.cli import Answer
from credit.common.errors import CreditError, Problem
from credit.decision_log.locate import has_log, locate_in_environment, open_read_only
from credit.registry.address import open_store
from credit.registry.challenges import LARGEST_SHARE, ChallengeKind, Challenges, SplitPlan
from credit.registry.store import Store
from release.challenge.admission import Contest, admit_challenger, find_ended
from release.challenge.forecast import Forecast, predict_needs
from release.challenge.split_forecast import predict_split_needs
from release.challenge.wording import describe_forecast, dump_forecast
from release.commands.options import StoreCommand, add_dry_run, add_environment, add_reason
from release.deployment.way_back import read_current_entry
from release.repository.git import find_actor
from release.watching.settings import Settings, read_settings

EPILOG = """example:
  release challenge v2.1.0 --env prod --shadow --reason 'fewer denials in the folds'
  release compare --live --env prod
  release challenge --end --env prod --reason 'enough was seen'
  release challenge v2.1.0 --env prod --split 0.1 --days 30 --reason 'no group is treated worse in the shadow'"""

MOST_DAYS = 366
"""Of a split: who wants more begins another one."""


@click.command(cls=StoreCommand, help=__doc__, epilog=EPILOG)
@click.argument("version", required=False, help="a published version, such as v1.2.0")
@add_environment()
@click.option("--shadow", is_flag=True, help="decide beside, for nobody: no applicant is treated by it")
@click.option(
    "--split",
    type=click.FloatRange(0, LARGEST_SHARE, min_open=True),
    metavar="SHARE",
    help=f"decide about a share of the applicants, such as 0.1, at most {LARGEST_SHARE}; with --days",
)
@click.option(
    "--days",
    type=click.FloatRange(0, MOST_DAYS, min_open=True),
    metavar="NUMBER",
    help="the days after which a split is over by itself",
)
@click.option("--end", is_flag=True, help="end the challenge; what was logged stays")
@click.option(
    "--difference",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.02,
    show_default=True,
    metavar="SHARE",
    help="the share of applicants, approved more or fewer on balance, that is to be seen",
)
@add_reason
@add_dry_run
def run(
    version: str | None,
    env: str,
    shadow: bool,
    split: float | None,
    days: float | None,
    end: bool,
    difference: float,
    reason: str,
    dry_run: bool,
) -> Answer:
    """Begin a challenge, or end the one that is on: one record beside the ledger."""
    if [shadow, split is not None, end].count(True) != 1 or end == (version is not None):
        expected = "a version and --shadow, a version and --split SHARE --days NUMBER, or --end alone"
        raise CreditError(Problem("release challenge", "neither a begin nor an end, or several", expected))
    if (split is None) != (days is None):
        found = "--days without --split" if split is None else "--split without an end"
        raise CreditError(Problem("release challenge", found, "--split SHARE --days NUMBER"))
    store = open_store()
    if version is None:
        return _end(store, env, reason, dry_run)
    settings = read_settings(env)
    plan = None if split is None or days is None else _make_plan(settings, split, days, difference)
    contest = admit_challenger(store, env, version.strip(), plan)
    plan = contest.current.plan if contest.current else plan
    forecast, why_not = _predict(store, settings, contest, difference, plan)
    record = contest.current
    if record is None and not dry_run:
        of = (contest.record.version, contest.record.digest)
        book = Challenges(store, env)
        needed = forecast.everybody.any_look if forecast and forecast.everybody else None
        kind: ChallengeKind = "shadow" if plan is None else "split"
        record = book.append(kind, of, contest.live.number, reason, find_actor(), contest.after, needed, plan)
    content: dict[str, Any] = {
        "environment": env,
        "challenge": record.model_dump(mode="json", exclude_none=True) if record else None,
        "champion": contest.live.version,
        "plan": plan.model_dump(mode="json") if plan else None,
        "notes": contest.notes,
        "forecast": dump_forecast(forecast) if forecast else None,
    }
    lines = [_describe_begin(env, contest, plan, dry_run)]
    lines += describe_forecast(forecast) if forecast else [f"takes: not known, {why_not}"]
    lines += [f"note:  {line}" for line in [*contest.notes, *_list_shortages(forecast, days)]]
    lines += [] if dry_run else [f"undo:  release challenge --end --env {env} --reason '...'"]
    lines += [f"next:  release compare --live --env {env}"]
    return Answer(content | ({"dry_run": True} if dry_run else {}), "\n".join(lines))


def _make_plan(settings: Settings, share: float, days: float, difference: float) -> SplitPlan:
    """Fix what a split is judged by, from the parameters of now."""
    return SplitPlan(
        share=share,
        until=datetime.now(UTC) + timedelta(days=days),
        difference=difference,
        alpha=settings.params.better_alpha,
        limit=settings.judging.limit,
        breach_alpha=settings.judging.alpha,
    )


def _list_shortages(forecast: Forecast | None, days: float | None) -> list[str]:
    """List why a split would be over before the difference is seen, as far as is known how many people come."""
    if days is None or forecast is None or forecast.daily is None or forecast.everybody is None:
        return []
    needed, coming = forecast.everybody.any_look, days * forecast.daily
    if needed is not None and needed <= coming:
        return []
    return [f"in {days:g} days about {coming:,.0f} applications come: too few to see such a difference"]


def _describe_begin(env: str, contest: Contest, plan: SplitPlan | None, dry_run: bool) -> str:
    challenger, champion = contest.record.version, contest.live.version
    if contest.current is not None:
        return f"{env}: {challenger} challenges {champion} already, since record {contest.current.number}"
    if plan is None:
        does = "would challenge" if dry_run else "challenges"
        return f"{env}: {challenger} {does} {champion} as its shadow, and decides about nobody"
    does = "would decide" if dry_run else "decides"
    whom = f"about {plan.share:.1%} of the applicants until {plan.until:%Y-%m-%d %H:%M} UTC, by chance"
    return f"{env}: {challenger} {does} {whom}, and {champion} about the others"


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
        decided, how = "it would have decided", "--shadow"
        if current.plan is not None:
            decided, how = "it decided", f"--split {current.plan.share:g} --days ..."
        lines = [
            f"{env}: the challenge by {current.version} is ended; what {decided} stays in the log",
            f"undo:  release challenge {current.version} --env {env} {how} --reason '...'",
        ]
    return Answer(content | {"challenge": made.model_dump(mode="json", exclude_none=True)}, "\n".join(lines))


def _predict(
    store: Store, settings: Settings, contest: Contest, difference: float, plan: SplitPlan | None
) -> tuple[Forecast | None, str]:
    """Foretell how many applications it takes, or say why that is not known: it stops no challenge."""
    where = locate_in_environment()
    if not has_log(*where):
        return None, "no decision log here; SERVICE_STATE and SERVICE_DATABASE_URL say where it is"
    try:
        with open_read_only(*where) as databases:
            of = (store, databases[-1], settings.environment, contest.live, contest.record)
            if plan is not None:
                return predict_split_needs(*of, plan.share, plan.difference, plan.alpha), ""
            return predict_needs(*of, difference, settings.params.better_alpha), ""
    except CreditError as error:
        return None, str(error.problems[0])
