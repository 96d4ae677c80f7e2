"""The facts as HTML and as Markdown. Text of the data and the contract is escaped."""

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from credit.common.candidate_definition import label_candidate
from credit.common.formatting import DASH, capitalise, spell_out
from credit.report.curves import Curves
from credit.report.facts import ReportFacts
from credit.report.provenance import Run
from credit.report.svg import BOTTOM, HEIGHT, LEFT, RIGHT, SHAPES, TOP, WIDTH

TEMPLATES = Path(__file__).parent / "templates"
_MARKDOWN_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": " ", "\r": " ", **{c: f"\\{c}" for c in "\\`*[]|"}}
)


def render_report(facts: ReportFacts, run: Run, curves: Curves) -> str:
    """Render one self-contained HTML page, without a script."""
    environment = _make_environment(autoescape=True)
    frame = {"WIDTH": WIDTH, "HEIGHT": HEIGHT, "LEFT": LEFT, "RIGHT": RIGHT, "TOP": TOP, "BOTTOM": BOTTOM}
    environment.globals |= frame | {"SHAPES": SHAPES}
    return environment.get_template("report.html.j2").render(facts=facts, run=run, curves=curves)


def render_model_card(facts: ReportFacts) -> str:
    """Render the champion's model card in Markdown."""
    text = (
        _make_environment(autoescape=False, finalize=escape_markdown)
        .get_template("model_card.md.j2")
        .render(facts=facts)
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def escape_markdown(value: Any) -> str:
    """Escape a value as text in which nothing is markup, not even in a table."""
    return str(value).translate(_MARKDOWN_ESCAPES)


def _allow_breaks(name: str) -> Markup:
    """Allow line breaks after the dots and underscores of a dotted name."""
    return Markup(re.sub(r"([._])", r"\1<wbr>", str(escape(name))))  # noqa: S704 - escaped right here


def _make_environment(**options: Any) -> Environment:
    environment = Environment(  # noqa: S701 - Markdown is escaped by `escape_markdown`
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )
    environment.filters |= {
        "words": spell_out,
        "candidate": label_candidate,
        "sentence": capitalise,
        "breakable": _allow_breaks,
    }
    environment.globals |= {"DASH": DASH}
    return environment
