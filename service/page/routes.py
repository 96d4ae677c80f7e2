"""The page at /: the live version, since when and why, whether the rule decides, and the decisions of the last day."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from credit.common.errors import CreditError
from credit.common.formatting import capitalise
from credit.decision_log.counting.newest import NewDecision, list_newest
from credit.decision_log.counting.summary import DecisionSummary, summarize_decisions
from credit.decision_log.people.reviews import ReviewCounts, count_reviews
from credit.decision_log.shadows.recording import count_shadows
from service.api.state import Parts, collect_problems
from service.page.cached import ValueCache
from service.page.decision_times import DecisionTimes
from service.page.history import LedgerHistory, LedgerLine
from service.page.overview import ServiceSnapshot, build_overview
from service.page.ratio_limit import ShownLimit, find_limit
from service.page.section import MOST_COUNTED, SectionContent, SectionSource, list_sections
from service.page.trend import HOURS, begin_of_day
from service.page.watch import SeenWatch, WatchReader

ROUTER = APIRouter()

_CACHE_SECONDS = 5.0
"""Age in seconds up to which the figures and the history are shown without being read again."""

REFRESH_SECONDS = 30
"""How often a browser reads the page again, by itself and without a script, unless its reader stopped that."""


class ShownSection(NamedTuple):
    """A section as it is shown; `body` is markup that its template made, with all values escaped."""

    name: str
    title: str
    body: Markup


class PageState:
    """The state of the service for the page. The ledger and the log are read every few seconds, however many look.

    `parts` is replaced when settings change that a running service takes up.
    """

    def __init__(self, parts: Parts) -> None:
        self.parts, self._settings, self._follower, self._log = parts, parts.settings, parts.follower, parts.log
        self.times = DecisionTimes()
        self._history = LedgerHistory(self._settings.environment)
        self._lines: ValueCache[tuple[list[LedgerLine], bool]] = ValueCache(_CACHE_SECONDS)
        self._recent: ValueCache[DecisionSummary | None] = ValueCache(_CACHE_SECONDS)
        self._newest: ValueCache[list[NewDecision]] = ValueCache(_CACHE_SECONDS)
        url = self._settings.watch_url
        self._watch = WatchReader(url) if url else None
        self._seen_watch: ValueCache[SeenWatch] = ValueCache(_CACHE_SECONDS)
        self._shadowed: ValueCache[int | None] = ValueCache(_CACHE_SECONDS)
        self._reviews: ValueCache[ReviewCounts | None] = ValueCache(_CACHE_SECONDS)

    def take_snapshot(self) -> ServiceSnapshot:
        """Collect the state of the service as it is now."""
        serving = self._follower.serving
        problems = collect_problems(self.parts)
        seen = (serving.number if serving else 0, *self._follower.problems.values())
        lines, store = self._lines.get(seen, self._read_history)
        return ServiceSnapshot(
            environment=self._settings.environment,
            now=datetime.now(UTC),
            serving=serving,
            problems=problems,
            recent=self._recent.get((), self._read_log),
            reviews=self._reviews.get((), self._read_reviews),
            history=lines,
            store=store,
            limit=self.find_limit(),
            newest=self._newest.get((), self._read_newest),
            is_left_alone=serving is not None and self.parts.decider.live.find_decider(serving) != serving.decides,
            watch=self._seen_watch.get((), self._watch.read) if self._watch else None,
            shadowed=self._shadowed.get((self.parts.shadows.number,), self._count_shadowed),
        )

    def find_limit(self) -> ShownLimit:
        """Find the limit of the ratio, that of the version that decides unless the settings say one."""
        return find_limit(self.parts.settings.least_ratio, self._follower.serving)

    def describe_sections(self, facts: ServiceSnapshot) -> dict[str, SectionContent]:
        """Describe the sections that have anything to show."""
        source = SectionSource(
            self.parts, facts.now, facts.serving, facts.recent, facts.limit, self.times, facts.watch, facts.shadowed
        )
        found = {name: section.describe(source) for name, section in list_sections().items()}
        return {name: content for name, content in found.items() if content is not None}

    def _read_history(self) -> tuple[list[LedgerLine], bool]:
        """Read the history, and whether it is current. The store is not asked while the follower cannot reach it."""
        if "store" in self._follower.problems:
            return self._history.known_lines, False
        try:
            return self._history.read(), True
        except CreditError:
            return self._history.known_lines, False

    def _read_log(self) -> DecisionSummary | None:
        try:
            return summarize_decisions(self._log, begin_of_day(datetime.now(UTC)), self._settings.environment)
        except CreditError:
            return None

    def _read_newest(self) -> list[NewDecision]:
        try:
            return list_newest(self._log.database, self._settings.environment)
        except CreditError:
            return []  # of which the problems tell

    def _count_shadowed(self) -> int | None:
        """Count the applications of the challenge in the log, no further than the page can tell quickly."""
        challenge = self.parts.shadows.challenge
        if challenge is None or challenge.needed is None:
            return None
        try:
            most = min(challenge.needed, MOST_COUNTED)
            return count_shadows(self._log.database, challenge.environment, challenge.number, most)
        except CreditError:
            return None

    def _read_reviews(self) -> ReviewCounts | None:
        since = datetime.now(UTC) - timedelta(hours=HOURS)
        try:
            return count_reviews(self._log.database, since, self._settings.environment)
        except CreditError:
            return None


@ROUTER.get("/", response_class=HTMLResponse, include_in_schema=False)
def show_page(request: Request) -> HTMLResponse:
    """Render the page. Not async: reading the ledger and the log may take a while."""
    watch: PageState = request.app.state.watch
    facts = watch.take_snapshot()
    described = watch.describe_sections(facts)
    facts = replace(facts, warnings=[said for content in described.values() for said in content.problems])
    sections = [
        ShownSection(name, section.title, Markup(_load_section(name).render(it=described[name].values)))  # noqa: S704
        for name, section in list_sections().items()
        if name in described
    ]
    page = _load_environment().get_template("page.html.j2")
    refresh = None if request.query_params.get("refresh") == "no" else REFRESH_SECONDS
    values = {"it": build_overview(facts), "sections": sections}
    return HTMLResponse(page.render(values, refresh=refresh, refresh_seconds=REFRESH_SECONDS))


@cache
def _load_section(name: str) -> Template:
    content = '{% import "macros.html.j2" as m %}' + list_sections()[name].template
    return _load_environment().from_string(content)


@cache
def _load_environment() -> Environment:
    folder = Path(__file__).parent / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["sentence"] = capitalise
    return environment
