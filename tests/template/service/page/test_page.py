"""The page of a running service: of one that is well, and of one that lacks what it needs."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from credit.registry.ledger import Ledger
from credit.registry.store import Store
from release.deployment.apply import apply_change
from release.deployment.change import Attribution
from release.deployment.plan import plan_fallback, plan_rollback
from service.commands.keys.make import make_key
from testing.parts.browsers import FAINT, OUTSIDE, UNTOLD, browser, open_pages
from testing.parts.servers import wait_until
from testing.releases import deploy_versions
from testing.services import Service, run_service

__all__ = ["browser"]

AWAY = "postgresql+psycopg://modeler@127.0.0.1:1/none"
UNKNOWN = {"nan", "NaN", "None", "null", "undefined", "inf", "Infinity"}


def put_forward(store: Store, reason: str) -> None:
    apply_change(store, plan_fallback(Ledger(store, "prod"), Attribution(reason, "on-call")))


def text_of(service: Service) -> str:
    """What the page says, without its markup."""
    answer = service.get("/")
    assert answer.status_code == 200
    body = answer.text.partition("<body>")[2]
    for told in (str(service.state), str(service.state.parent), "Traceback", "sqlalchemy", "127.0.0.1:1"):
        assert told not in answer.text
    text = re.sub(r"<[^>]*>", " ", body)
    assert not UNKNOWN & {word.strip(".,;:()") for word in text.split()}
    return " ".join(text.split())


def wait_for(service: Service, said: str) -> str:
    wait_until(lambda: said in text_of(service), f"the page that says {said!r}")
    return text_of(service)


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[[Service, int], Page]]:
    """The page at some width. Only the service may be asked, for nothing but the page; nothing may be complained of."""
    with open_pages(browser) as at:
        yield lambda service, width: at(f"{service.url}/", width)


@pytest.fixture
def busy(service: Service, released: Store, asked: list[dict[str, Any]]) -> Service:
    """A service that has decided, was rolled back and lets its rule decide; the newest entry is not valid."""
    service.decide({"applications": asked[:300]}, "/v1/decisions/batch").raise_for_status()
    deploy_versions(released, "v3.0.0")
    apply_change(
        released,
        plan_rollback(Ledger(released, "prod"), Attribution("too many referrals since this morning", "on-call")),
    )
    put_forward(released, "complaints about denials, and a long-reason-without-a-break-" + "x" * 90)
    released.create("environments/prod/000000000/000000006.json", b"{")
    wait_until(lambda: "entry 6 of the ledger" in str(service.read_health()), "the entry that is not valid")
    service.decide({"applications": asked[300:]}, "/v1/decisions/batch").raise_for_status()
    return service


def test_it_says_what_is_live_since_when_by_whom_and_why(service: Service) -> None:
    text = text_of(service)
    assert "The model decides v2.0.0, a logistic regression, decides; the rule is the fallback." in text
    assert re.search(r"Deployed (just now|\d+ \w+ ago) \d+ \w+ \d{4}, \d\d:\d\d UTC , entry 2 of the ledger", text)
    assert "By, and why tester a test" in text
    assert "No known problems." in text
    assert "Decisions in the last 24 hours No decision was made." in text


def test_its_figures_are_those_of_the_answers(service: Service, asked: list[dict[str, Any]]) -> None:
    answers = service.decide({"applications": asked}, "/v1/decisions/batch").json()["decisions"]
    approved = [one["decision"] == "approve" for one in answers]
    text = text_of(service)
    assert f"Approved {sum(approved) / len(asked):.1%} {sum(approved)} of {len(asked)}" in text
    assert f"v2.0.0 model {len(asked)} 100.0%" in text
    for name, race in {"white": "white", "Black": "Black", "undisclosed": None}.items():
        of_group = [yes for yes, one in zip(approved, asked, strict=True) if one["protected"]["race"] == race]
        assert f"{name} {len(of_group)} {100 * sum(of_group) / len(of_group):.0f}%" in text


def test_it_says_how_long_decisions_took_where_they_go_and_how_groups_fare(
    service: Service, asked: list[dict[str, Any]]
) -> None:
    service.decide({"applications": asked[:200]}, "/v1/decisions/batch").raise_for_status()
    service.decide({"applications": asked[200:]}, "/v1/decisions/batch").raise_for_status()
    text = text_of(service)
    assert f"The {len(asked)} decisions of the last minute by this service" in text
    assert re.search(r"99 of a hundred within [\d.]+ m?s ", text)
    assert "Decisions go to the database SQLite In the spool 0" in text
    (first, *_) = re.findall(r'href="(/v1/decisions/[0-9a-f]{32})"', service.get("/").text)
    assert service.get(first).json()["version"] == "v2.0.0", "a decision leads to its record"
    assert "The broken line is the limit: 0.8, by the policy small_screen of v2.0.0. A triangle is below it." in text
    ratio = re.search(r"Race: Black to white by hour (\d\.\d\d)", text)
    assert ratio is not None
    assert f"ratio {ratio[1]}" in text.partition("Approvals by group")[2], "as the table of the day has it"


def test_it_says_that_the_rule_decides_and_why(service: Service, released: Store) -> None:
    put_forward(released, "complaints about <b>denials</b>")
    text = wait_for(service, "The rule decides")
    assert "It is the fallback for v2.0.0." in text
    assert "on-call complaints about &lt;b&gt;denials&lt;/b&gt;" in text


def test_the_history_has_every_change_and_names_what_is_not_valid(busy: Service) -> None:
    text = wait_for(busy, "Invalid, skipped")
    history = text.partition("Deploys and rollbacks")[2]
    kinds = re.findall(r"(\d) (Invalid|Fell back to the rule|Rolled back|Deployed)", history)
    assert kinds == [
        ("6", "Invalid"),
        ("5", "Fell back to the rule"),
        ("4", "Rolled back"),
        ("3", "Deployed"),
        ("2", "Deployed"),
        ("1", "Deployed"),
    ]
    assert "Fell back to the rule live v2.0.0" in history
    assert "Entry 6 of the ledger, environments/prod/000000000/000000006.json, is invalid and skipped;" in text


def test_it_says_that_nothing_is_decided(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with run_service(str(tmp_path / "empty"), tmp_path / "state") as service:
        text = text_of(service.wait("dark"))
    assert "Nothing is decided No version is live and there is no rule to fall back to" in text
    assert "Nothing has been deployed to prod." in text


def test_it_reads_itself_again_until_its_reader_stops_that_and_nothing_moves(service: Service) -> None:
    shown, stopped = service.get("/").text, service.get("/?refresh=no").text
    assert '<meta http-equiv="refresh" content="30">' in shown
    assert '<a href="?refresh=no">' in shown
    assert 'http-equiv="refresh"' not in stopped
    assert '<a href="./">again every 30 seconds</a>' in stopped
    assert not re.search("animation|transition|<script", shown), "nothing to be stopped for who asks for less motion"


def test_without_the_store_it_says_so_and_shows_what_is_live(service: Service, tmp_path: Path) -> None:
    (tmp_path / "store").rename(tmp_path / "gone")
    (tmp_path / "store").write_text("a file where a folder should be")
    text = wait_for(service, "The store does not answer.")
    assert "The model decides v2.0.0" in text
    service.kill()
    service.restart().wait("degraded")
    text = text_of(service)
    assert "The model decides v2.0.0" in text
    assert "The store does not answer: the history is not known." in text


def test_without_the_database_the_spool_is_counted(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    with run_service(released.url, tmp_path / "state", SERVICE_DATABASE_URL=AWAY) as service:
        service.wait("degraded").decide({"applications": asked[:40]}, "/v1/decisions/batch").raise_for_status()
        text = text_of(service)
    assert "The database of the decision log does not answer; decisions go to the spool." in text
    assert "40 decisions are in the spool, not in the database yet." in text
    assert "decisions that are in it are not in these figures" in text
    assert "Decisions 40" in text


def test_whoever_may_not_read_does_not_see_it(released: Store, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    make_key(keys, "somebody", ("decide",))
    with run_service(released.url, tmp_path / "state", SERVICE_KEYS_FILE=str(keys)) as service:
        answer = service.wait().get("/")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")  # a browser asks for the key then
    assert "v2.0.0" not in answer.text


def test_no_width_needs_scrolling_sideways(busy: Service, opened: Callable[[Service, int], Page]) -> None:
    for width in (1200, 768, 641, 390, 320):
        page = opened(busy, width)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(OUTSIDE) == []


def test_it_can_be_read_by_everybody(busy: Service, opened: Callable[[Service, int], Page]) -> None:
    page = opened(busy, 1200)
    assert page.evaluate(UNTOLD) == []
    assert page.evaluate(FAINT) == []
    tables = page.locator("table").count()
    assert tables >= 3
    assert page.locator("table > caption").count() == tables
    assert page.locator("th:not([scope])").count() == 0
    assert [page.locator(f"h{level}").count() for level in (1, 2)] == [1, 7]


@pytest.mark.parametrize("width", [390, 1280])
def test_a_mark_is_as_small_as_a_letter_wherever_it_stands(
    released: Store, asked: list[dict[str, Any]], opened: Callable[[Service, int], Page], tmp_path: Path, width: int
) -> None:
    """Charts are as wide as their figure; the mark of a group below the limit stands in one too."""
    with run_service(released.url, tmp_path / "state", SERVICE_LEAST_RATIO="1") as below:
        answers = below.wait().decide({"applications": asked}, "/v1/decisions/batch").json()["decisions"]
        decided = [
            (one, "white" if answer["decision"] == "approve" else "Black")
            for one, answer in zip(asked, answers, strict=True)
        ]
        again = [one | {"protected": {"race": race}} for one, race in decided]
        below.decide({"applications": again}, "/v1/decisions/batch").raise_for_status()
        page = opened(below, width)
        assert page.locator(".ratios figcaption .mark").count() > 0
        sizes = page.locator(".mark").evaluate_all("marks => marks.map(mark => mark.getBoundingClientRect().width)")
        assert max(sizes) <= 32


def test_who_decides_is_the_first_thing_seen_on_a_phone(busy: Service, opened: Callable[[Service, int], Page]) -> None:
    box = opened(busy, 390).get_by_role("heading", name="The rule decides").bounding_box()
    assert box
    assert box["y"] + box["height"] < 300


def test_it_fits_on_paper(busy: Service, opened: Callable[[Service, int], Page]) -> None:
    page = opened(busy, 695)  # A4 less its margins, at 96 dots per inch
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") == 695
    assert page.evaluate(OUTSIDE) == []
    assert 1 <= page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") <= 4
