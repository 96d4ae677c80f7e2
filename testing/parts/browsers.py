"""A real browser, and questions of tests to a page in it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from testing.parts.needs import find_chromium, require

OUTSIDE = """() => [...document.querySelectorAll('body *')]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll'))
  .map(e => e.tagName + ' ' + e.textContent.slice(0, 40))"""
UNTOLD = """() => [...document.querySelectorAll('svg, img')]
  .filter(e => !e.closest('[aria-hidden], [role=img][aria-label]')).map(e => e.outerHTML.slice(0, 80))"""
FAINT = """() => { const light = c => { const [r, g, b] = c.match(/[0-9.]+/g).slice(0, 3)
    .map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (!/, 0\\)$/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
  return [...document.querySelectorAll('body *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
    .filter(e => { const svg = e.namespaceURI.endsWith('svg'), style = getComputedStyle(e);
      const a = light(svg ? style.fill : style.color), b = light(ground(e));
      return (Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5; }).map(e => e.outerHTML.slice(0, 90)); }"""


@contextmanager
def launch_browser() -> Iterator[Browser]:
    """Launch the system's Chromium, without a window. One at a time in a process: Playwright refuses a second."""
    options = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=find_chromium(), args=options)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for the tests of a module."""
    require("Chromium")
    with launch_browser() as opened:
        yield opened


@contextmanager
def open_pages(browser: Browser) -> Iterator[Callable[[str, int], Page]]:
    """Open addresses at some width. Nothing else may be asked for, and nothing may be complained about."""
    context = browser.new_context()
    opened: set[str] = set()
    asked: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))

    def open_page(address: str, width: int) -> Page:
        opened.add(address)
        shown = context.new_page()
        shown.set_viewport_size({"width": width, "height": 900})
        shown.goto(address)
        return shown

    yield open_page
    context.close()
    assert set(asked) == opened
    assert not complaints
