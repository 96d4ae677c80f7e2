"""Look again and again until the process is told to end, by the parameters as they are then."""

import sys
import threading
from datetime import UTC, datetime

from credit.common.errors import CreditError
from release.watching.ageing import Concern
from release.watching.report import format_look, format_told
from release.watching.session import Look, Session
from release.watching.shown.exposed import Exposed
from release.watching.shown.picture import record_picture


def keep_looking(session: Session, exposed: Exposed, ended: threading.Event) -> Look:
    """Look, and wait for the next poll, until the event; returns the last look. Changes are told on standard error.

    Settings are read before each look; while they are not valid, those of before stay.
    """
    told: list[str] = []
    while True:
        unread = _adopt_news(session, exposed)
        look = session.look(datetime.now(UTC))
        look = look._replace(told=look.told._replace(concerns=(*look.told.concerns, *unread)))
        exposed.note(look, session.state, record_picture(session, look, datetime.now(UTC)))
        lines = _list_news(look, session)
        if lines != told:
            print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}", *lines, sep="\n  ", file=sys.stderr, flush=True)
            told = lines
        if ended.wait(session.settings.params.poll_seconds):
            return look


def _adopt_news(session: Session, exposed: Exposed) -> list[Concern]:
    """Let settings that changed be those of the session; lists why they cannot be."""
    try:
        settings = session.read_settings()
    except CreditError as error:
        found = "; ".join(map(str, error.problems))
        return [Concern("params", f"not valid, and the watch goes on by those of before: {found}")]
    if settings != session.settings:
        session.adopt(settings)
        exposed.settings = settings
        print(
            f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}\n  params.yaml has changed, and the watch goes on by it",
            file=sys.stderr,
            flush=True,
        )
    return []


def _list_news(look: Look, session: Session) -> list[str]:
    """List the lines that are news when they change: the word, obstacles and actions, and no figures of a quiet day."""
    told = format_told(look.told)
    if look.word == "quiet" and look.entry is not None:
        return [f"{session.settings.environment}: quiet, {look.entry.version}, entry {look.entry.number}", *told]
    if look.word == "inconclusive":
        return [f"{session.settings.environment}: inconclusive", *look.obstacles, *told]
    if not look.took_back:
        return [*_name_alarms(look), *told]
    lines = format_look(look, session.state, session.settings)
    return [line for line in lines[1:] if not line.startswith("group:")]


def _name_alarms(look: Look) -> list[str]:
    names = [f"{one.attribute} {one.group}" for one in look.alarms] + ["the model fails"] * look.is_failing
    why_not = [f"not taken back: {look.action.why_not}"] if look.action else []
    return [
        f"alarm: {', '.join(names)}",
        *why_not,
        *([f"not in the store: {look.unwritten}"] if look.unwritten else []),
    ]
