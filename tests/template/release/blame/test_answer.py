"""How the answer is told: one sentence, exit codes, Markdown in which nothing is markup, a page that needs nothing."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from credit.common.formatting import MINUS
from release.blame.answer.content import (
    Blame,
    FactorDescription,
    FactorPart,
    FigureBlame,
    GroupFlips,
    HybridRow,
    PeopleOrModel,
    TogetherPart,
    Verdict,
)
from release.blame.answer.markdown import MARKER, render_markdown
from release.blame.answer.page import render_page
from release.blame.answer.waterfall import draw_waterfall
from release.blame.answer.wording import describe_verdict, render_text
from release.blame.investigation import Question
from release.commands import blame
from release.commands.blame import EXIT_CODES
from release.compare.seed_band import Spread, compute_band
from release.compare.sides import Sides
from testing.parts.browsers import FAINT, OUTSIDE, UNTOLD, browser, open_pages

__all__ = ["browser"]

RATIO = "adverse_impact_ratio:race=Black"


def make_part(factor: str, value: float, beyond: bool) -> FactorPart:
    return FactorPart(
        factor=factor, value=value, lowest=value - 0.01, highest=value + 0.01, alone=value, beyond_noise=beyond
    )


FIGURE = FigureBlame(
    figure=RATIO,
    words="adverse impact ratio of Black (race)",
    good=0.8,
    bad=0.72,
    move=-0.08,
    band=0.015,
    band_source="10 partitions into folds",
    verdict="attributed",
    parts=(
        make_part("data", -0.05, True),
        make_part("params.select_features", -0.025, True),
        make_part("code", 0, False),
    ),
    together=(TogetherPart(factors=("data", "code"), value=-0.02),),
    explained=-0.075,
    remainder=-0.005,
)


def make_answer(**changes: Any) -> Blame:
    content: dict[str, Any] = {
        "good": "v1.0.0",
        "bad": "v2.0.0",
        "commits": Sides("1" * 40, "2" * 40),
        "champions": Sides("logistic", "logistic"),
        "candidate": None,
        "verdict": "attributed",
        "sentence": "",
        "figures": (FIGURE,),
        "factors": (FactorDescription(factor="data", what=("data/raw/loanapp.dvc",)),),
        "joined": (),
        "hybrids": (
            HybridRow(factors=("data",), champion="logistic", figures={RATIO: 0.75}, flipped=3, people=90, command="c"),
        ),
        "flips": (GroupFlips(factor="data", attribute="race", group="Black", people=9, flips={"approve_to_deny": 3}),),
        "inside": (),
        "notes": (),
        "runs": 2,
        "next": ("take back data",),
    }
    answer = Blame(**content | changes)
    return answer.model_copy(update={"sentence": describe_verdict(answer)})


def test_the_sentence_has_the_move_the_parts_the_band_and_what_they_say_together() -> None:
    assert make_answer().sentence.replace(MINUS, "-") == (
        "Adverse impact ratio of Black (race) fell 0.800 → 0.720: data -0.050, params.select_features -0.025, code 0; "
        "data and code only together -0.020; seed band ±0.015; together they say -0.075 of -0.080."
    )


def test_when_another_candidate_goes_forward_the_sentence_says_so() -> None:
    answer = make_answer(champions=Sides("heuristic", "logistic"))
    assert "as the logistic regression goes forward instead of the rule" in answer.sentence


def test_every_verdict_has_an_exit_code_of_its_own() -> None:
    assert set(EXIT_CODES) == set(get_args(Verdict))
    assert EXIT_CODES["attributed"] == 0
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)
    assert not {1, 2} & set(EXIT_CODES.values()), "1 is an error, 2 a wrong call"


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_a_workflow_may_ask_for_zero_on_every_answer(monkeypatch: pytest.MonkeyPatch, verdict: Verdict) -> None:
    """The question is not asked: here only what follows from an answer is."""

    def answer(question: Question) -> Blame:
        return make_answer(verdict=verdict)

    monkeypatch.setattr(blame, "resolve_versions", lambda *sides: sides)
    monkeypatch.setattr(blame, "find_cause", answer)
    assert blame.run.callback is not None
    options: dict[str, Any] = {"figures": (), "candidate": None, "reseeds": 2, "jobs": None, "markdown": True}
    options |= {"html": None, "factors": None, "folder": None}
    codes = [blame.run.callback("a", "b", exit_zero=zero, **options).code for zero in (True, False)]
    assert codes == [0, EXIT_CODES[verdict]]


@pytest.mark.parametrize("verdict", ["inside noise", "not reproducible", "inconclusive"])
def test_a_verdict_that_blames_nothing_says_so(verdict: Verdict) -> None:
    figure = FIGURE.model_copy(update={"verdict": verdict, "band": 0.09})
    words = {
        "inside noise": "nothing to blame",
        "not reproducible": "has other figures than it says",
        "inconclusive": "no factor moves it by more than the seeds do",
    }
    assert words[verdict] in make_answer(verdict=verdict, figures=(figure,)).sentence


EVIL = "<img src=x>|`@everyone` [x](http://evil.example)\n# no"


def test_nothing_that_a_version_says_is_markup() -> None:
    answer = make_answer(
        factors=(FactorDescription(factor="data", what=(EVIL,)),), notes=(EVIL,), good=EVIL, next=(EVIL,)
    )
    text = render_markdown(answer)
    assert text.startswith(MARKER)
    assert "<img" not in text
    assert "@everyone" not in text
    assert "\n# no" not in text
    assert "<img" not in render_page(answer)


def test_the_text_has_all_parts() -> None:
    text = render_text(make_answer(notes=("it is so",)))
    for told in (
        f"{MINUS}0.050",
        "over all orders",
        "data/raw/loanapp.dvc",
        "3 approve to deny",
        "note:  it is so",
        "next:  take",
    ):
        assert told in text


def test_people_or_model_is_told_in_every_form_or_why_it_is_not_known() -> None:
    both = PeopleOrModel(figure=RATIO, values=(0.8, 0.75, 0.77, 0.72), people=-0.05, model=-0.03, why_not="")
    answer = make_answer(people_or_model=both)
    sentence = "People or model, on the test rows: other people -0.050, another model -0.030"
    for text in (render_text(answer), render_markdown(answer), render_page(answer)):
        assert sentence in text.replace(MINUS, "-")
        assert re.search(r"model of v2.0.0\W[^0-9]*0\.770[^0-9]*0\.720", text)
    assert answer.dump()["people_or_model"]["values"] == [0.8, 0.75, 0.77, 0.72]
    unknown = make_answer(people_or_model=both.model_copy(update={"people": None, "why_not": "<b> lacks income"}))
    for text in (render_text(unknown), render_markdown(unknown), render_page(unknown)):
        assert "People or model is not known: " in text
    assert "<b>" not in render_page(unknown).partition("People or model is not known")[2][:40]
    assert "People or model" not in render_text(make_answer())


def test_the_waterfall_goes_from_the_good_figure_to_the_bad_one_in_steps_that_meet() -> None:
    picture = draw_waterfall(FIGURE)
    labels = [row.label for row in picture.rows]
    assert labels == ["good", "data", "params.select_features", "code", "the rest", "bad"]
    for before, after in zip(picture.rows, picture.rows[1:], strict=False):
        assert before.end == pytest.approx(after.start, abs=0.15)
    low, high = picture.band
    assert low < picture.rows[0].start < high
    assert picture.rows[-1].end < low, "the move is beyond the band"


@pytest.mark.parametrize("width", [360, 1100])
def test_the_page_fits_is_read_aloud_asks_for_nothing_and_is_not_faint(
    browser: Any, tmp_path: Path, width: int
) -> None:
    file = tmp_path / "blame.html"
    file.write_text(render_page(make_answer(notes=("it is so",))), encoding="utf-8")
    assert not re.search(r"<script|https?://|url\(", file.read_text())
    with open_pages(browser) as open_page:
        page = open_page(file.as_uri(), width)
        assert page.evaluate(OUTSIDE) == []
        assert page.evaluate(UNTOLD) == []
        assert page.evaluate(FAINT) == []


def test_the_band_is_the_known_noise_of_a_difference_and_wider_for_more_figures_and_fewer_runs() -> None:
    many = Spread(0.0074, 10_000, "runs")
    assert compute_band([many, many], 1) == pytest.approx(2.326 * 2**0.5 * 0.0074, rel=1e-3)
    few = Spread(0.0074, 5, "runs")
    assert compute_band([few, few], 1) > compute_band([many, many], 1)
    assert compute_band([many, many], 10) > compute_band([many, many], 1)
    rule = Spread(0.0, 0, "the rule has no seed")
    assert compute_band([rule, rule], 1) == 0
    assert compute_band([rule, many], 1) == pytest.approx(2.326 * 0.0074, rel=1e-3)
