"""The page shows the state of the watch and the ratio of each group over time, and goes on when the watch is down."""

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from credit.registry.store import Store
from credit.reports.live.watch_picture import WatchedGroupState, WatchedRatio, WatchPicture
from service.page import watch
from service.page.sections.watch import HEIGHT, WIDTH, describe_watch, draw_chart
from service.page.watch import SeenWatch, WatchReader
from testing.parts.browsers import FAINT, OUTSIDE, browser, open_pages
from testing.parts.servers import PATIENCE, wait_until
from testing.services import run_service

__all__ = ["browser"]

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BLACK = WatchedGroupState(
    attribute="race", group="Black", reference="white", people=1234, evidence=0.25, is_alarm=False
)


def make_ratio(hour: int, ratio: float | None, low: float, high: float | None) -> WatchedRatio:
    at = NOW + timedelta(hours=hour - 4)
    return WatchedRatio(attribute="race", group="Black", at=at, ratio=ratio, low=low, high=high)


HISTORY = (make_ratio(0, None, 0, None), make_ratio(1, 0.75, 0.3, 1.2), make_ratio(4, 0.9, 0.6, 1.1))


def make_picture(**changes: Any) -> WatchPicture:
    made: dict[str, Any] = {
        "environment": "prod",
        "word": "quiet",
        "looked_at": NOW,
        "entry": 2,
        "version": "v2.0.0",
        "acts": True,
        "limit": 0.8,
        "obstacles": (),
        "news": (),
        "groups": (BLACK,),
        "history": HISTORY,
    }
    return WatchPicture.model_validate(made | changes)


@pytest.fixture
def address() -> Iterator[Any]:
    """A server in place of the watch; `answer` is what it says."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, content = server.answer if self.path == "/picture" else (404, b"")  # type: ignore[attr-defined]
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answer = (200, make_picture().model_dump_json().encode())  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_chart_is_the_ratio_with_its_band_and_the_limit() -> None:
    chart = draw_chart(BLACK, HISTORY, 0.75)
    assert chart.limit == HEIGHT / 2
    assert chart.line == f"{WIDTH / 4:.1f},{HEIGHT / 2:.1f} {WIDTH:.1f},{HEIGHT * 0.4:.1f}"
    assert chart.band.split()[0] == "0.0,0.0", "an end that is open is the edge"
    assert chart.band.split()[-1] == f"0.0,{HEIGHT:.1f}"
    assert "0.90 times as often as white (interval 0.60 to 1.10), 1,234 people, 25% of the evidence" in chart.words


def test_one_point_is_drawn_and_none_too() -> None:
    assert draw_chart(BLACK, HISTORY[1:2], 0.8).line == f"0.0,{HEIGHT / 2:.1f} {WIDTH:.1f},{HEIGHT / 2:.1f}"
    assert draw_chart(BLACK, (), 0.8).words == "1,234 people, no ratio yet"
    words = draw_chart(BLACK, HISTORY[:1], 0.8).words
    assert words == "1,234 people, no ratio yet: nobody of white beside them was approved"


def test_the_section_says_what_is_not_as_it_should_be() -> None:
    def build(picture: WatchPicture | None, answers: bool = True) -> Any:
        return describe_watch(SeenWatch(picture, answers), "prod", 2, NOW)

    quiet = build(make_picture())
    assert (quiet.problems, quiet.notes) == ([], [])
    assert build(None, False).headline == "The watch does not answer"
    assert "the page shows what it said last" in build(make_picture(), False).notes[0]
    late = build(make_picture(looked_at=NOW - timedelta(minutes=6)))
    assert late.notes == ["the watch has not looked for more than five minutes"]
    assert "by entry 2" in build(make_picture(entry=1)).notes[0]
    assert "the watch watches staging" in build(make_picture(environment="staging")).notes[0]
    assert build(make_picture(acts=False)).notes == ["it may not take a version back by itself"]
    alarm = build(make_picture(word="alarm", news=("not taken back: nobody is better",)))
    assert alarm.headline == "A group is treated unequally beyond doubt"
    assert alarm.notes == ["not taken back: nobody is better"]


@pytest.mark.parametrize(
    ("changes", "answers", "problem"),
    [
        ({}, True, None),
        ({"acts": False, "entry": 1}, True, None),
        ({}, False, "The watch does not answer now: the page shows what it said last."),
        ({"looked_at": NOW - timedelta(minutes=6)}, True, "The watch has not looked for more than five minutes."),
        ({"environment": "staging"}, True, "The watch watches staging, and this service decides in prod."),
        ({"word": "alarm"}, True, "The watch: A group is treated unequally beyond doubt."),
        ({"word": "inconclusive"}, True, "The watch: Nothing can be concluded."),
    ],
)
def test_each_reason_to_look_is_a_problem_by_its_name(
    changes: dict[str, Any], answers: bool, problem: str | None
) -> None:
    found = describe_watch(SeenWatch(make_picture(**changes), answers), "prod", 2, NOW)
    assert found.problems == ([] if problem is None else [problem])


def test_a_watch_that_could_not_read_the_ledger_is_not_said_to_judge_another_entry() -> None:
    blind = make_picture(entry=None, version=None, word="inconclusive", obstacles=("the log does not answer",))
    assert describe_watch(SeenWatch(blind, True), "prod", 2, NOW).notes == ["the log does not answer"]


@pytest.mark.parametrize("answer", [(500, b""), (200, b"{"), (200, b"<html>"), (404, b"")])
def test_the_last_picture_stays_when_the_watch_says_something_else(address: Any, answer: tuple[int, bytes]) -> None:
    reader = WatchReader(f"http://127.0.0.1:{address.server_port}")
    assert reader.read() == (make_picture(), True)
    address.answer = answer
    assert reader.read() == (make_picture(), False)


@pytest.mark.parametrize("begin", [b"HTTP/1.0 200 OK\r\nX: ", b"HTTP/1.0 200 OK\r\n\r\n{"])
def test_an_answer_that_trickles_in_for_ever_is_cut_off(begin: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_SECONDS", 0.3)
    ended = threading.Event()

    def trickle() -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.sendall(begin)
            while True:
                connection.sendall(b" ")
                time.sleep(0.01)
        ended.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=trickle, daemon=True).start()
        assert WatchReader(f"http://127.0.0.1:{listening.getsockname()[1]}").read() == (None, False)
        assert ended.wait(PATIENCE)


def test_while_a_name_is_looked_up_nobody_waits_for_it_and_it_is_asked_once(
    address: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, asked, look_up = threading.Event(), list[Any](), socket.getaddrinfo

    def wait(*of: Any, **named: Any) -> Any:
        asked.append(of)
        assert found.wait(PATIENCE)
        return look_up(*of, **named)

    monkeypatch.setattr(watch, "_SECONDS", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", wait)
    reader = WatchReader(f"http://127.0.0.1:{address.server_port}")
    assert [reader.read(), reader.read()] == [(None, False)] * 2
    assert len(asked) == 1
    found.set()
    monkeypatch.setattr(watch, "_SECONDS", PATIENCE)
    wait_until(lambda: reader.read() == (make_picture(), True), "the picture")


@pytest.mark.parametrize("host", ["127.0.0.1:80011", "a..b", "x" * 70])
def test_an_address_that_nobody_can_have_ends_nothing(host: str) -> None:
    assert WatchReader(f"http://{host}").read() == (None, False)


def test_a_watch_that_was_never_there_is_told_and_the_page_is_there(released: Store, tmp_path: Path) -> None:
    with run_service(released.url, tmp_path / "state", SERVICE_WATCH_URL="http://127.0.0.1:1") as service:
        text = service.wait().get("/").text
        assert "<li>The watch does not answer.</li>" in text
        assert "No known problems" not in text
    with run_service(released.url, tmp_path / "other") as service:
        assert "h-watch" not in service.wait().get("/").text


@pytest.mark.parametrize("width", [360, 1200])
def test_the_page_shows_the_ratios_and_keeps_them(
    released: Store, tmp_path: Path, address: Any, browser: Any, width: int
) -> None:
    alarmed = BLACK.model_copy(update={"evidence": 1.5, "is_alarm": True})
    hostile = make_picture(news=("<script>alert(1)</script>",), word="alarm", groups=(alarmed,))
    address.answer = (200, hostile.model_dump_json().encode())
    url = f"http://127.0.0.1:{address.server_port}/"
    with run_service(released.url, tmp_path / "state", SERVICE_WATCH_URL=url) as service, open_pages(browser) as at:
        page = at(f"{service.wait().url}/", width)
        section = page.locator("section[aria-labelledby=h-watch]")
        assert "A group is treated unequally beyond doubt" in section.inner_text()
        assert "The watch: A group is treated unequally beyond doubt." in page.locator("section.first").inner_text()
        assert "No known problems" not in page.content()
        assert "<script>alert(1)</script>" in section.inner_text()
        assert section.locator("polyline.line").count() == 1
        mark, chart = (section.locator(f"figure {name}").bounding_box() for name in ("svg.mark", "> svg"))
        assert mark is not None
        assert chart is not None
        assert 4 * mark["width"] < chart["width"]
        assert page.evaluate(OUTSIDE) == []
        assert page.evaluate(FAINT) == []
        address.answer = (500, b"")
        wait_until(lambda: "what it said last" in service.get("/").text, "the last picture")


def test_an_address_that_is_none_is_refused(released: Store, tmp_path: Path) -> None:
    with run_service(released.url, tmp_path / "state", SERVICE_WATCH_URL="file:///etc/passwd") as service:
        wait_until(lambda: service.process.poll() is not None, "the end of the service")
        assert "SERVICE_WATCH_URL" in service.log.read_text()
