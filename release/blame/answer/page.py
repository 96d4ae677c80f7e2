"""The answer as one HTML page that needs nothing else, in the style of the model decision report."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from credit.common.formatting import capitalise, join_words
from credit.report.render import TEMPLATES
from release.blame.answer import waterfall
from release.blame.answer.content import Blame
from release.blame.answer.wording import (
    describe_factor,
    describe_flips,
    describe_people_or_model,
    format_band,
    format_flips,
    list_people_or_model,
)
from release.blame.hybrids.figures import format_change, format_value


def render_page(answer: Blame) -> str:
    """Render the page, without a script."""
    environment = Environment(
        loader=FileSystemLoader([Path(__file__).parent / "templates", TEMPLATES]),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"sentence": capitalise, "join": join_words}
    environment.globals |= {
        "format_change": format_change,
        "format_value": format_value,
        "format_band": format_band,
        "format_flips": format_flips,
        "describe_flips": describe_flips,
        "describe_factor": describe_factor,
        "describe_people_or_model": describe_people_or_model,
        "list_people_or_model": list_people_or_model,
        "WIDTH": waterfall.WIDTH,
        "LEFT": waterfall.LEFT,
        "RIGHT": waterfall.RIGHT,
        "ROW": waterfall.ROW,
    }
    divided = [one for one in answer.figures if one.parts]
    pictures = {one.figure: waterfall.draw_waterfall(one) for one in divided}
    page = environment.get_template("blame.html.j2")
    return page.render(answer=answer, divided=divided, pictures=pictures)
