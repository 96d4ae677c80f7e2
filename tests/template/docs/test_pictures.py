"""The pictures of the pages show what the report and the service's page show today."""

import struct
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from testing.lenders.frozen import ROOT
from testing.pages.pictures import HEIGHT, WIDTH, open_report, open_service_page, read_caption, take_picture
from testing.parts.browsers import browser

__all__ = ["browser"]

Opener = Callable[[Browser, Path, Path], AbstractContextManager[Page]]
SHOWN: dict[str, tuple[Opener, tuple[str, ...]]] = {
    "report.png": (
        lambda opened, project, _: open_report(opened, project),
        ("Model decision report", "The rule goes forward"),
    ),
    "service-page.png": (
        open_service_page,
        ("Credit decisions prod", "The model decides", "Decisions in the last 24 hours"),
    ),
}
"""Each picture: how its page is opened, and the headings that are to be seen in it."""


def read_size(picture: Path) -> tuple[int, int]:
    """Read width and height from the head of a PNG file."""
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_can_be_taken_anew_with_its_headings_in_it(
    name: str, browser: Browser, template_once: Path, tmp_path: Path
) -> None:
    open_page, headings = SHOWN[name]
    with open_page(browser, template_once / "template", tmp_path) as page:
        take_picture(page, tmp_path / name)
        for heading in headings:
            box = page.get_by_role("heading", name=heading).first.bounding_box()
            assert box, heading
            assert box["y"] + box["height"] < HEIGHT, heading
    assert read_size(tmp_path / name) == read_size(ROOT / "docs" / name) == (WIDTH, HEIGHT)
    if name == "report.png":  # the other page tells the time
        assert read_caption(tmp_path / name) == read_caption(ROOT / "docs" / name), "python -m testing.pages.pictures"


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_is_small_enough_for_a_page(name: str) -> None:
    assert (ROOT / "docs" / name).stat().st_size < 200_000
