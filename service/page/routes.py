"""The page at /: what is live since when and why, whether the rule decides, and what was decided lately."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from credit.common.errors import CreditError
from credit.common.formatting import sentence
from credit.decision_log.log import DecisionLog
from credit.decision_log.summary import Lately, lately
from service.engine.follower import Follower
from service.page.cached import Remembered
from service.page.history import History, Line
from service.page.overview import HOURS, Facts, overview
from service.settings import Settings

ROUTER = APIRouter()

_SECONDS = 5.0
"""How old the figures and the history may be."""


class Watch:
    """What is known of the service. The ledger and the log are asked every few seconds, however many look."""

    def __init__(self, settings: Settings, follower: Follower, log: DecisionLog) -> None:
        self._settings, self._follower, self._log = settings, follower, log
        self._history = History(settings.environment)
        self._lines: Remembered[tuple[list[Line], bool]] = Remembered(_SECONDS)
        self._lately: Remembered[Lately | None] = Remembered(_SECONDS)

    def facts(self) -> Facts:
        """What is known now."""
        serving = self._follower.serving
        protected = tuple(serving.bundle.contract.protected) if serving else ()
        problems = dict(self._follower.problems)
        seen = (serving.number if serving else 0, *problems.values())
        lines, store = self._lines.get(seen, self._read_history)
        return Facts(
            environment=self._settings.environment,
            now=datetime.now(UTC),
            serving=serving,
            problems=problems,
            log_in_use=self._log.problem is None,
            lately=self._lately.get(protected, lambda: self._read_log(protected)),
            history=lines,
            store=store,
        )

    def _read_history(self) -> tuple[list[Line], bool]:
        """The history, and whether it is that of now. The store is not asked while the follower knows it to be away."""
        if "store" in self._follower.problems:
            return self._history.known, False
        try:
            return self._history.read(), True
        except CreditError:
            return self._history.known, False

    def _read_log(self, protected: tuple[str, ...]) -> Lately | None:
        try:
            return lately(self._log, protected, datetime.now(UTC) - timedelta(hours=HOURS))
        except CreditError:
            return None


@ROUTER.get("/", response_class=HTMLResponse, include_in_schema=False)
def page(request: Request) -> HTMLResponse:
    """The page. Not async: reading the ledger and the log may take a while."""
    watch: Watch = request.app.state.watch
    return HTMLResponse(_template().render(it=overview(watch.facts())))


@cache
def _template() -> Template:
    folder = Path(__file__).parent / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["sentence"] = sentence
    return environment.get_template("page.html.j2")
