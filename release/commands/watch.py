"""Watch how groups are treated by live decisions, and take a version back when it must be

Follows the log that SERVICE_DATABASE_URL and SERVICE_STATE name, beside the service. Limits are in the block `watch` of
params.yaml. With --once, exit code 0: nothing; 3: an alarm; 4: inconclusive."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from credit.common.cli import Answer
from credit.common.dates import parse_time
from credit.common.errors import CreditError, Problem
from credit.common.params import read_params
from credit.decision_log.locate import locate_in_environment, open_read_only
from credit.fairness.policies import Fairness
from credit.registry.address import open_store
from release.commands.options import StoreCommand, add_environment
from release.watching.report import dump_look, format_look
from release.watching.session import Session, Settings
from watch.params import WatchParams
from watch.state import open_state
from watch.streams import Judging

EPILOG = """example:
  release watch --env prod --once"""
EXIT_CODES = {"quiet": 0, "alarm": 3, "inconclusive": 4}


@click.command(cls=StoreCommand, help=__doc__, epilog=EPILOG)
@add_environment()
@click.option("--once", is_flag=True, help="look once, and say by the exit code what was found")
@click.option("--state", type=click.Path(path_type=Path), default=".watch", show_default=True, help="its folder")
@click.option("--since", metavar="TIME", help="begin with the decisions of this time; where there is no state yet")
def run(env: str, once: bool, state: Path, since: str | None) -> Answer:
    """Follow the log, judge, and act."""
    settings, store = read_settings(env), open_store()
    open_log = partial(open_read_only, *locate_in_environment())
    with open_state(state, env) as file:
        session = Session(store, settings, open_log, file)
        if since is not None:
            _begin(session, parse_time(since), open_log)
        look = session.look(datetime.now(UTC))
    content: dict[str, Any] = dump_look(look, session.state, settings)
    return Answer(content, "\n".join(format_look(look, session.state, settings)), EXIT_CODES[look.word])


def read_settings(environment: str) -> Settings:
    """Read how an environment is watched from params.yaml. Raises CreditError when no limit is there."""
    params, fairness = read_params(WatchParams, "watch"), read_params(Fairness, "fairness")
    limit = params.at_least
    if limit is None:
        of_policy = fairness.chosen_policy.limits.get("adverse_impact_ratio")
        limit = of_policy.at_least if of_policy else None
    if limit is None:
        found = f"null, and the policy {fairness.policy} has no adverse_impact_ratio with at_least"
        raise CreditError(Problem("params.yaml: watch.at_least", found, "a limit of the ratio, such as 0.8"))
    judging = Judging(limit, params.alpha, params.horizon_days)
    return Settings(environment, params, judging, 1 - fairness.report_level)


def _begin(session: Session, since: datetime, open_log: Any) -> None:
    if session.state.cursors:
        fix = "leave it out, or name another folder with --state"
        raise CreditError(Problem("--since", "a watch that goes on from where it was", fix=fix))
    with open_log() as databases:
        session.follower.skip_until(databases, since)
