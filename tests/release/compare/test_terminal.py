"""What a terminal shows has the words of the comment and none of its marks."""

from release.compare.comment import MARKER
from release.compare.markdown import escape, format_details, format_table
from release.compare.terminal import render_for_terminal


def test_tables_are_columns_and_names_are_as_they_were() -> None:
    rows = [[escape("a|b_c"), "1"], ["**long name**", "1,000"]]
    assert (
        render_for_terminal(format_table(["who", "people"], rows))
        == "who        people\na|b_c           1\nlong name   1,000"
    )


def test_marks_tags_and_charts_are_gone() -> None:
    comment = "\n\n".join(
        [
            f"{MARKER}\n### ✅ The rule: {escape('#1 of @all <b>')}",
            format_details("More", "**bold**"),
            "```mermaid\nx\n```",
        ]
    )
    assert render_for_terminal(comment) == "✅ The rule: #1 of @all <b>\n\nMore\n\nbold"
