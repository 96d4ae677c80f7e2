"""The quick lender, in a folder of its own."""

from pathlib import Path

import pytest

from testing.lenders.quick import QuickLender, make_quick_lender


@pytest.fixture
def lender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QuickLender:
    """The lender, to change."""
    monkeypatch.chdir(tmp_path)
    return make_quick_lender()
