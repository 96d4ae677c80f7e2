"""Watch how groups are treated by live decisions, and take a version back when it must be

Follows the log that SERVICE_DATABASE_URL and SERVICE_STATE name, beside the service, and serves /metrics and /health,
by default on loopback. Files of the folder SERVICE_SECRETS are variables too, as PGPASSWORD. Limits are in the block
`watch` of params.yaml. Exit code of --once and --replay: 0, nothing; 3, an alarm; 4, inconclusive: decisions are
missing, too old or out of reach."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from credit.common.cli import Answer, ExclusiveOption
from credit.common.dates import parse_time
from credit.decision_log.following.process import end_by_signal
from credit.decision_log.locate import locate_in_environment, open_read_only
from credit.registry.address import load_secret_files, open_store
from credit.registry.store import Store
from release.commands.options import StoreCommand, add_environment
from release.watching.loop import keep_looking
from release.watching.replay import replay_log
from release.watching.report import dump_look, dump_replay, format_look, format_replay
from release.watching.session import Look, OpenLog, Session
from release.watching.settings import Settings, read_settings
from release.watching.shown.exposed import Exposed, expose
from watch.state import open_state

EPILOG = """example:
  release watch --env prod
  release watch --env prod --once
  release watch --env prod --replay --since 2026-06-01"""
EXIT_CODES = {"quiet": 0, "alarm": 3, "inconclusive": 4}


@click.command(cls=StoreCommand, help=__doc__, epilog=EPILOG)
@add_environment()
@click.option(
    "--once", cls=ExclusiveOption, excludes=("replay",), is_flag=True, help="look once, for cron and CI, and end"
)
@click.option(
    "--replay",
    cls=ExclusiveOption,
    excludes=("once",),
    is_flag=True,
    help="judge the whole log, say what the watch would have done, and write nothing",
)
@click.option("--since", metavar="TIME", help="begin with the decisions of this time, UTC; where there is no state yet")
@click.option("--state", type=click.Path(path_type=Path), default=".watch", show_default=True, help="its folder")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="address of /metrics and /health, which want no key"
)
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True, help="of /metrics and /health")
def run(env: str, once: bool, replay: bool, since: str | None, state: Path, host: str, port: int) -> Answer:
    """Follow the log, judge, and act."""
    load_secret_files()
    settings, store = read_settings(env), open_store()
    begin = None if since is None else parse_time(since)
    open_log = partial(open_read_only, *locate_in_environment(), patient=replay)
    if replay:
        return _replay(store, settings, open_log, begin)
    with open_state(state, env) as file:
        session = Session(store, settings, open_log, file, partial(read_settings, env))
        if begin is not None:
            session.begin_with(begin)
        look = session.look(datetime.now(UTC)) if once else _keep_looking(session, host, port)
    text = "\n".join(format_look(look, session.state, session.settings))
    return Answer(dump_look(look, session.state, session.settings), text, EXIT_CODES[look.word] if once else 0)


def _keep_looking(session: Session, host: str, port: int) -> Look:
    exposed = Exposed(session.settings)
    with end_by_signal() as ended, expose(exposed, host, port):
        return keep_looking(session, exposed, ended)


def _replay(store: Store, settings: Settings, open_log: OpenLog, since: datetime | None) -> Answer:
    with open_log() as databases:
        replayed = replay_log(store, settings, databases, since)
    is_alarm = any(one.alarm for one in replayed.entries)
    code = EXIT_CODES["alarm" if is_alarm else "inconclusive" if replayed.missing else "quiet"]
    return Answer(dump_replay(replayed, settings), "\n".join(format_replay(replayed, settings)), code)
