"""Reports of the services: decisions by the live entry so far, their problems, and the decisions of a version."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError

from credit.common.errors import CreditError, Problem
from credit.common.parallel import run_in_threads
from release.deployment.service_client import NoAnswerError, fetch_json, read_addresses

_SUMMARY_PATH, _LIST_PATH = "/v1/decided", "/v1/versions/{}/decisions"
_SUMMARY_SECONDS, _LIST_SECONDS = 3.0, 30.0
_MAX_LIST_BYTES = 100_000_000


class GroupCounts(BaseModel):
    """A protected group in the words of the service, which hides small ones. `approved`: the share, empty if hidden."""

    attribute: str
    group: str
    people: str
    approved: str


class DecidedReport(BaseModel):
    """The decisions by the entry that a service decides by, and the problems that it has."""

    environment: str
    version: str | None
    entry: int
    since: datetime | None
    total: int
    decisions: dict[str, int]
    by_rule: int
    groups: list[GroupCounts]
    notes: list[str]
    problems: list[str]


class ServiceReport(NamedTuple):
    """The report of one service; without one, why there is none."""

    url: str
    report: DecidedReport | None
    failure: str = ""


class LoggedDecision(BaseModel):
    """A decision of the log, with the reasons that its applicant was given and the inputs to decide again.

    `inputs` None: they were erased. `applicant`: the hash of the reference that was sent with the application.
    """

    id: str
    decided_at: datetime
    decision: str
    score: float
    reasons: list[str]
    reason_codes: list[str] | None = None
    decided_by: str
    rule_because: str | None
    version: str
    digest: str
    entry: int
    inputs: dict[str, bool | int | float | str | None] | None
    caller: str
    applicant: str | None = None
    idempotency_key: str | None
    repeat_of: str | None


class _DecisionPage(BaseModel):
    decisions: list[LoggedDecision]
    next: str | None
    spooled: int


def ask_for_reports() -> list[ServiceReport]:
    """Ask every service of RELEASE_SERVICE_URL at once. Raises CreditError when an address is none."""
    return run_in_threads(_ask_for_report, read_addresses())


def _ask_for_report(url: str) -> ServiceReport:
    try:
        return ServiceReport(url, DecidedReport.model_validate(fetch_json(url + _SUMMARY_PATH, _SUMMARY_SECONDS)))
    except NoAnswerError as error:
        return ServiceReport(url, None, f"no answer {error}"[:200])
    except ValidationError:
        return ServiceReport(url, None, f"no answer of the form of {_SUMMARY_PATH}; is it a service of this version?")


class DecisionList(NamedTuple):
    """The decisions of a version in all logs, by time. `spooled`: decisions of any version that no log has yet."""

    decisions: list[LoggedDecision]
    spooled: int


def list_version_decisions(version: str) -> DecisionList:
    """List the decisions of a version in the logs of all services; those that share a log list each decision once.

    Raises CreditError when no service is named or one does not answer: a list with a gap would not show it.
    """
    urls = read_addresses()
    if not urls:
        expected, fix = "the address of the service whose log has the decisions", "with RELEASE_SERVICE_KEY for its key"
        raise CreditError(Problem("RELEASE_SERVICE_URL", "nothing", expected, fix))
    found: dict[str, LoggedDecision] = {}
    spooled = 0
    for url in urls:
        for page in _iterate_pages(url, version):
            found |= {one.id: one for one in page.decisions}
            waiting = page.spooled
        spooled += waiting
    return DecisionList(sorted(found.values(), key=lambda one: (one.decided_at, one.id)), spooled)


def _iterate_pages(url: str, version: str) -> Iterator[_DecisionPage]:
    place, asked = f"{url}{_LIST_PATH.format(version)}", ""
    while True:
        try:
            content = fetch_json(place + asked, _LIST_SECONDS, _MAX_LIST_BYTES)
            page = _DecisionPage.model_validate(content)
        except NoAnswerError as error:
            raise CreditError(Problem(url, f"no list of decisions {error}"[:200])) from None
        except ValidationError:
            raise CreditError(
                Problem(url, "an answer of another form", f"that of {_LIST_PATH.format(version)}")
            ) from None
        yield page
        if page.next is None:
            return
        asked = f"?{urlencode({'after': page.next})}"
