"""What a terminal shows has the words of the comment and none of its marks."""

import pytest

from release.commands.compare import render_for_terminal
from release.compare.comment import MARKER
from release.compare.markdown import escape, format_details, format_table


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 40 columns without colours."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def list_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def test_tables_are_columns_and_names_are_as_they_were() -> None:
    rows = [[escape("a|b_c"), "1"], ["**long name**", "1,000"]]
    heads, rule, *shown = list_lines(render_for_terminal(format_table(["who", "people"], rows)))
    assert set(rule) == {" ", "─"}
    assert [heads, *shown] == [" who        people", " a|b_c           1", " long name   1,000"]


def test_a_table_that_is_wider_than_the_terminal_is_folded_inside_its_cells() -> None:
    shown = render_for_terminal(format_table(["who", "people"], [["word " * 20, "1,000"]]))
    assert shown.split().count("word") == 20
    assert max(map(len, shown.splitlines())) <= 40


def test_marks_tags_and_charts_are_gone() -> None:
    comment = "\n\n".join(
        [
            f"{MARKER}\n### ✅ The rule: {escape('#1 of @all <b>')}",
            format_details("More", "**bold**"),
            "```mermaid\nx\n```",
        ]
    )
    assert list_lines(render_for_terminal(comment)) == ["✅ The rule: #1 of @all <b>", "More", "bold"]
