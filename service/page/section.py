"""What a section of the page is, and the list of them: every module of `service.page.sections` has one, `SECTION`."""

import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from credit.decision_log.counting.summary import DecisionSummary
from service.api.state import Parts
from service.engine.live_version import LiveVersion
from service.page import sections
from service.page.decision_times import DecisionTimes
from service.page.ratio_limit import ShownLimit
from service.page.watch import SeenWatch


class SectionSource(NamedTuple):
    """What sections are made from.

    `recent`: the decisions of the last day; None: the log cannot be read. `watch` None: the settings name none.
    `shadowed`: applications in the log that a challenger decided, up to what its challenge takes; None: not known.
    """

    parts: Parts
    now: datetime
    serving: LiveVersion | None
    recent: DecisionSummary | None
    limit: ShownLimit
    times: DecisionTimes
    watch: SeenWatch | None = None
    shadowed: int | None = None


MOST_COUNTED = 20_000
"""Applications of a challenge that are counted for a page, which takes some milliseconds."""


class SectionContent(NamedTuple):
    """The values of a section's template, as `it`, and problems for the head of the page."""

    values: Any
    problems: Sequence[str] = ()


@dataclass(frozen=True)
class PageSection:
    """A section. `describe` gives None where there is nothing to show; it is asked for every page, so it is quick.

    `template` is Jinja's, with the macros of `templates/macros.html.j2` as `m`. `place`: lower ones come first.
    """

    title: str
    place: int
    template: str = field(repr=False)
    describe: Callable[[SectionSource], SectionContent | None]


@cache
def list_sections() -> dict[str, PageSection]:
    """List the sections by the names of their modules, in their order on the page."""
    names = [module.name for module in pkgutil.iter_modules(sections.__path__)]
    found = {name: import_module(f"{sections.__name__}.{name}").SECTION for name in names}
    return dict(sorted(found.items(), key=lambda pair: pair[1].place))
