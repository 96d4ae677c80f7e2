"""The page and the card: no data is markup, nothing that is missing looks like a number, nothing comes from afar."""

import re
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from credit.common.errors import CreditError
from credit.common.formatting import DASH
from credit.fairness.waivers import Waiver
from credit.report.curves import draw_curves
from credit.report.dataset import describe_dataset
from credit.report.facts import collect_facts, read_facts
from credit.report.provenance import Run
from credit.report.render import escape_markdown, render_model_card, render_report
from credit.report.results import Results
from credit.reports.candidate import ToldReasons
from credit.reports.provenance import Provenance
from testing.lenders.frozen import LENDER
from testing.report_drafts import Draft

Page = Callable[[Results], str]
EVIL = "<script>alert('x')</script> | a\nb <img src=x onerror=y> [l](javascript:z) `c` **d**"


class Parsed(HTMLParser):
    """Every start tag with its attributes, and the text that a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] != "style":
            self.text += data


def poisoned(results: Results) -> Results:
    """A script wherever a person may write."""
    source = results.contract.source.model_copy(update=dict.fromkeys(("title", "licence", "citation", "notes"), EVIL))
    columns = {
        name: column.model_copy(update={"description": EVIL, **({"reference": EVIL} if column.reference else {})})
        for name, column in results.contract.columns.items()
    }
    contract = results.contract.model_copy(update={"name": EVIL, "row": EVIL, "source": source, "columns": columns})
    draft = Draft(results)
    for judged in draft.judged.values():
        for key in [key for key in judged["groups"] if key.startswith("race: ")]:
            judged["groups"][f"{key}{EVIL}"] = judged["groups"].pop(key)
        for item in judged["findings"]:
            item["group"] += EVIL
            item["reason"] += EVIL
    for entry in draft.choice["candidates"].values():
        entry["against"].append(EVIL)
    draft.alternatives["told"] = draft.alternatives["try"] = EVIL
    draft.validation["missing"][EVIL] = 1
    draft.validation["reasons"][0]["example"] = EVIL
    draft.validation["folded"] = [{"column": "race", "into": EVIL, "is_new": True, "rows": 3, "levels": {EVIL: 3}}]
    draft.features["features"][0] |= {"feature": EVIL, "verdict": EVIL}
    waiver = Waiver(candidate="logistic", attribute="race", group=EVIL, measure="m", who=EVIL, why=EVIL, until=date.max)
    provenance = Provenance(sha256="0" * 64, bytes=1, package=EVIL, file=EVIL)
    return draft.finish()._replace(contract=contract, waivers={f"waivers/{EVIL}.yaml": waiver}, provenance=provenance)


def without_figures(content: Any) -> Any:
    """The same with nothing where there was a float, or an interval of them."""
    if isinstance(content, dict):
        return {key: without_figures(value) for key, value in content.items()}
    if isinstance(content, list):
        return (
            None
            if content and all(isinstance(value, float) for value in content)
            else list(map(without_figures, content))
        )
    return None if isinstance(content, float) else content


def test_what_people_write_is_text_on_the_page(results: Results, page: Page) -> None:
    harmless = Parsed(page(results))
    parsed = Parsed(page(poisoned(results)))
    assert {tag for tag, _ in parsed.tags} == {tag for tag, _ in harmless.tags}
    names = {name for _, attributes in harmless.tags for name in attributes}
    assert {name for _, attributes in parsed.tags for name in attributes} == names
    assert parsed.text.count("<script>alert('x')</script>") > 20


def test_what_people_write_is_text_in_the_card(results: Results) -> None:
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    plain = Parsed(markdown.render(render_model_card(collect_facts(results))))
    parsed = Parsed(markdown.render(render_model_card(collect_facts(poisoned(results)))))
    assert {tag for tag, _ in parsed.tags} <= {tag for tag, _ in plain.tags}
    tables = [sum(tag == "table" for tag, _ in text.tags) for text in (plain, parsed)]
    assert tables[0] == tables[1]
    assert "<script>alert('x')</script> | a b" in parsed.text


def test_a_cell_of_a_table_can_hold_anything() -> None:
    assert escape_markdown("a|b\nc") == "a\\|b c"
    assert escape_markdown("<b>&amp;") == "&lt;b&gt;&amp;amp;"


def test_missing_figures_are_dashes_or_words(draft: Draft, page: Page) -> None:
    kept = {name: {"rows": of["rows"], "directions": []} for name, of in draft.metrics.items()}
    draft.metrics = {name: without_figures(of) | kept[name] for name, of in draft.metrics.items()}
    for judged in draft.judged.values():
        judged |= {part: without_figures(judged[part]) for part in ("groups", "findings", "pairs")}
        judged["lowest_adverse_impact_ratio"] = None
        for item in (*judged["findings"], *judged["pairs"]):
            item["verdict"] = "not assessable"
    for point in draft.alternatives["points"]:
        point |= {"adverse_impact_ratio": None, "adverse_impact_ratio_interval": None, "group": None}
    bare = draft.finish()
    for text in (Parsed(page(bare)).text, render_model_card(collect_facts(bare))):
        assert not re.findall(r"\b(nan|NaN|None|inf|null)\b", text.partition("All parameters")[0])
    assert "No point has an adverse impact ratio" in page(bare)


def test_a_rule_whose_example_may_name_a_person_has_none_on_the_page(draft: Draft, page: Page) -> None:
    """As where a text id stands in two rows: the report leaves out the id, and the page has a dash for it."""
    draft.validation["reasons"].append({"column": "id", "allowed": "each id once", "rows": 2})
    assert re.search(rf"id.*each id once.*2.*{DASH}", " ".join(Parsed(page(draft.finish())).text.split()))
    assert describe_dataset(draft.finish()).reasons[-1] == ("id", "each id once", "2", DASH)


def test_data_of_your_own_has_no_origin_here(results: Results, page: Page) -> None:
    text = Parsed(page(results._replace(provenance=None))).text
    assert "not fetched here: data/raw/loanapp.dvc" in text


def test_the_page_needs_nothing_else(results: Results, page: Page) -> None:
    html = page(results)
    assert not re.findall(r"<script|\bsrc=|@import|url\(|://", html)
    assert {attributes["href"][0] for tag, attributes in Parsed(html).tags if "href" in attributes} == {"#", "d"}


def test_everybody_can_read_the_page(results: Results, page: Page) -> None:
    """Its language, its headings in order, a caption for each table, a scope for each head, words for each picture."""
    html = page(results)
    tags = Parsed(html).tags
    assert ("html", {"lang": "en"}) in tags
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert sum(tag == "table" for tag, _ in tags) == sum(tag == "caption" for tag, _ in tags) > 10
    assert all("scope" in attributes for tag, attributes in tags if tag == "th")
    pictures = [attributes for tag, attributes in tags if tag == "svg" and "x" not in attributes]
    assert all(one.get("aria-hidden") == "true" or one["aria-label"] for one in pictures)
    told = [one["aria-label"] for one in pictures if one.get("role") == "img"]
    assert len(told) > 40
    assert all(re.search(r"\d", text) for text in told)
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {attributes["href"][1:] for tag, attributes in tags if tag == "a"}
    assert targets <= set(ids)


def test_the_page_has_what_is_needed_to_make_it_again(results: Results, page: Page) -> None:
    text = Parsed(page(results)).text
    assert results.contract_sha256 in text
    assert results.provenance
    assert results.provenance.sha256 in text
    for expected in ("random_forest.n_estimators", "scikit-learn 1.", "29 CFR 1607.4(D)", "make repro"):
        assert expected in text, expected


def test_the_card_has_the_headings_of_model_cards_and_the_champions_figures(results: Results) -> None:
    card = render_model_card(collect_facts(results))
    assert re.findall("^## (.*)$", card, re.MULTILINE) == [
        "Model details",
        "Intended use",
        "Factors",
        "Metrics",
        "Evaluation data",
        "Training data",
        "Quantitative analyses",
        "Ethical considerations",
        "Caveats and recommendations",
    ]
    assert "| AUC | 0.751 | 0.697 to 0.806 |" in card
    assert "| Black (race) | 197 | 0.779 | 0.721 to 0.832 | unequal, blocks |" in card
    assert "random forest |" not in card


@pytest.mark.parametrize("name", ["alternatives.json", "features.json", "fairness/logistic.json", "metrics.json"])
def test_a_missing_report_is_named(reports: Path, name: str) -> None:
    (reports / name).unlink()
    with pytest.raises(CreditError, match=rf"{re.escape(name)}: no such file; run dvc repro"):
        read_facts(LENDER / "data/contracts/loanapp.yaml", reports, LENDER / "waivers")


def test_a_missing_curve_is_named(results: Results, reports: Path) -> None:
    (reports / "plots/roc.csv").unlink()
    with pytest.raises(CreditError, match=r"plots/roc\.csv: no such file"):
        draw_curves(results, reports / "plots")


def test_a_candidate_that_approves_nobody_has_words_for_its_threshold(draft: Draft, page: Page) -> None:
    for candidate in draft.candidates.values():
        candidate["policy"]["approve_from"] = None
    results = draft.finish()
    assert "It approves nobody and refers from" in page(results)
    assert "no score: it approves nobody" in render_model_card(collect_facts(results))


def test_the_page_has_the_terms_of_the_field(results: Results, page: Page) -> None:
    shown = Parsed(page(results)).text
    assert "Model decision report" in shown
    assert "worst-group adverse impact ratio" in shown
    assert not re.search("cut-off|knob|set aside|highest lowest", shown)


def test_folded_levels_are_listed_and_those_of_people_not_named(draft: Draft, page: Page) -> None:
    draft.validation["folded"] = [
        {"column": "occupancy", "into": "other", "is_new": False, "rows": 1200, "levels": {"4": 1000, "5": 200}},
        {"column": "occupancy", "into": "other", "is_new": True, "rows": 7, "levels": {"9": 7}},
        {"column": "race", "into": "other", "is_new": True, "rows": 3},
    ]
    assert describe_dataset(draft.finish()).folded == (
        ("occupancy", "4 (1,000), 5 (200)", "other", "1,200"),
        ("occupancy", "new: 9 (7)", "other", "7"),
        ("race", "new: not shown", "other", "3"),
    )
    assert "Levels of the file that count as another one" in Parsed(page(draft.finish())).text


def test_a_reason_about_a_place_is_told_as_one_and_counted(results: Results, run: Run) -> None:
    facts = collect_facts(results)
    (place, *_) = facts.features.places
    told = ToldReasons(people=131, codes={f"{place}.too_high": 68, "credit_history.too_low": 40})
    html = render_report(facts, run._replace(told=told), draw_curves(results, LENDER / "reports/plots"))
    text = " ".join(Parsed(html).text.split())
    assert f"{', '.join(facts.features.places)}: about a place, not about what the applicant did" in text
    assert "Reasons of the 131 test people whom the version does not approve" in text
    rows = [re.sub(r"<[^>]*>", " ", row).split() for row in re.findall(r"<tr><th scope=.row.>.*?</tr>", html)]
    assert [f"{place}.too_high", "68", "a", "place"] in rows
    assert ["credit_history.too_low", "40", "the", "applicant"] in rows


def test_a_reason_about_a_place_is_told_as_one_though_no_model_keeps_its_feature(results: Results) -> None:
    """A rule reads it all the same. Its name may have a dot, as the code has one before the side."""
    features = collect_facts(results).features
    row = next(row for row in features.rows if row.is_place)
    moved = row._replace(name="census.tract", kept=False)
    changed = features._replace(rows=(moved, *(one for one in features.rows if one is not row)))
    for code in ("census.tract", "census.tract.too_low", "census.tract.missing"):
        assert changed.is_about_place(code)
    assert not changed.is_about_place("census")
    assert not changed.is_about_place(f"{row.name}.too_high")
