"""The table of threats names tests that are there: each row has one."""

import re
from pathlib import Path

import pytest

from testing.lenders.frozen import ROOT

ROWS = [
    line.strip("| ").split(" | ")
    for line in (ROOT / "docs/governance.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| who does what")
]


def read_tests(name: str) -> str:
    """Read a test file by its name, which no other has."""
    (path,) = (ROOT / "tests").rglob(f"{name}.py")
    return Path(path).read_text(encoding="utf-8")


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:60] for row in ROWS])
def test_a_threat_has_what_stops_it_and_tests_that_are_there(row: list[str]) -> None:
    """Behind a colon stand the words of the test's own name or docstring."""
    assert len(row) == 3
    cited = re.findall(r"`(test_\w+)`(?:: ([\w ]+))?", row[2])
    assert cited
    for name, words in cited:
        text = " ".join(read_tests(name).replace("_", " ").split())
        assert words.strip() in text, f"{name} says nothing of {words!r}"
