"""What a terminal shows has the words of the comment and none of its marks."""

from release.compare.comment import MARKER
from release.compare.markdown import details, escaped, table
from release.compare.terminal import plain


def test_tables_are_columns_and_names_are_as_they_were() -> None:
    rows = [[escaped("a|b_c"), "1"], ["**long name**", "1,000"]]
    assert plain(table(["who", "people"], rows)) == "who        people\na|b_c           1\nlong name   1,000"


def test_marks_tags_and_charts_are_gone() -> None:
    comment = "\n\n".join(
        [f"{MARKER}\n### ✅ The rule: {escaped('#1 of @all <b>')}", details("More", "**bold**"), "```mermaid\nx\n```"]
    )
    assert plain(comment) == "✅ The rule: #1 of @all <b>\n\nMore\n\nbold"
