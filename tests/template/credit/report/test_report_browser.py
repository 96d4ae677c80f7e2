"""The page in a real browser: on a desktop, on a phone, and on paper."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from credit.report.results import Results
from testing.parts.browsers import FAINT, OUTSIDE, UNTOLD, browser, open_pages

__all__ = ["browser"]

UNFOLD = "document.querySelectorAll('details').forEach(e => e.open = true)"


@pytest.fixture
def opened(
    browser: Browser, results: Results, page: Callable[[Results], str], tmp_path: Path
) -> Iterator[Callable[[int], Page]]:
    """The page at some width. Nothing may be asked of the network, nothing may be complained about."""
    file = tmp_path / "report.html"
    file.write_text(page(results), encoding="utf-8")
    with open_pages(browser) as at:
        yield lambda width: at(file.as_uri(), width)


@pytest.mark.parametrize("width", [1200, 768, 390, 320])
def test_no_width_needs_scrolling_sideways(opened: Callable[[int], Page], width: int) -> None:
    page = opened(width)
    page.evaluate(UNFOLD)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(OUTSIDE) == []


def test_every_picture_has_words_and_every_text_contrast(opened: Callable[[int], Page]) -> None:
    page = opened(1200)
    assert page.evaluate(UNTOLD) == []
    assert page.evaluate(FAINT) == []


def test_the_verdict_is_the_first_thing_seen_on_a_phone(opened: Callable[[int], Page]) -> None:
    page = opened(390)
    box = page.get_by_role("heading", name="The rule goes forward").bounding_box()
    assert box
    assert box["y"] + box["height"] < 844


def test_text_in_pictures_is_large_enough_on_a_phone(opened: Callable[[int], Page]) -> None:
    page = opened(390)
    pictures = "[...document.querySelectorAll('svg.picture')]"
    scales = page.evaluate(f"{pictures}.map(e => e.getBoundingClientRect().width / e.viewBox.baseVal.width)")
    assert len(scales) == 8
    assert min(scales) * 13 >= 11


def test_paper_has_everything_that_is_folded_on_the_screen(opened: Callable[[int], Page], tmp_path: Path) -> None:
    page = opened(1200)
    folded = page.get_by_text("equalized odds difference").first
    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.set_viewport_size({"width": 695, "height": 1000})  # A4 less its margins, at 96 dots per inch
    assert page.evaluate("document.documentElement.scrollWidth") == 695
    assert page.evaluate(OUTSIDE.replace("&& !e.closest('.scroll')", "")) == []
    pdf = page.pdf(prefer_css_page_size=True, path=tmp_path / "report.pdf")
    assert pdf.startswith(b"%PDF-")
    assert 5 < pdf.count(b"/Type /Page\n") < 40


def test_nothing_visible_is_the_name_of_nothing(opened: Callable[[int], Page]) -> None:
    page = opened(1200)
    page.evaluate(UNFOLD)
    shown = page.inner_text("body").partition("All parameters")[0].split()
    assert not {"nan", "NaN", "None", "null", "undefined", "inf", "Infinity"} & {word.strip(".,;:()") for word in shown}
